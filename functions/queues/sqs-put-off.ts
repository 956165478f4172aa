import { ChangeMessageVisibilityCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { PutOff } from "../../core/webhooks/index.ts";
import { openSqs } from "./sqs.ts";

/** Puts off messages that were received from a queue on AWS. Apart from sending: who may do the one seldom may do the other. */
export function sqsPutOff(url: string, client: SQSClient = openSqs()): PutOff {
  return async (receipt, seconds) => {
    const command = { QueueUrl: url, ReceiptHandle: receipt, VisibilityTimeout: seconds };
    await client.send(new ChangeMessageVisibilityCommand(command));
  };
}
