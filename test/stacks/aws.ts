import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const ACCOUNT = "123456789012";

/** As much of AWS as a synthesis asks for: who am I, and are the two bootstrap stacks there. On loopback, so that none is needed. */
export async function startBootstrapResponder(): Promise<{ endpoint: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const form = new URLSearchParams(body);
      const answer = answerTo(form);
      response.writeHead(answer ? 200 : 501, { "content-type": "text/xml" });
      response.end(answer ?? `<Error><Message>${form.get("Action")} is not answered here.</Message></Error>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerTo(form: URLSearchParams): string | undefined {
  const action = form.get("Action");
  if (action === "GetCallerIdentity") {
    return wrap(
      action,
      `<UserId>synth</UserId><Account>${ACCOUNT}</Account><Arn>arn:aws:iam::${ACCOUNT}:user/synth</Arn>`,
    );
  }
  if (action !== "DescribeStacks") return undefined;
  const name = form.get("StackName") ?? "";
  const outputs =
    name === "CDKToolkit"
      ? { BootstrapVersion: "30", BucketName: "cdk-assets" }
      : { Version: "7.4", BucketName: "sst-bootstrap" };
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return wrap(
    action,
    `<Stacks><member><StackName>${name}</StackName><StackStatus>CREATE_COMPLETE</StackStatus>` +
      `<CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${members.join("")}</Outputs></member></Stacks>`,
  );
}

function wrap(action: string, result: string): string {
  return `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;
}
