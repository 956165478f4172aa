import type { DynamoDBStreamEvent, Context as LambdaContext } from "aws-lambda";
import type { World } from "../../core/ctx.ts";
import { Events } from "../../core/events/index.ts";
import { type Peers, Realtime } from "../../core/realtime/index.ts";
import { openWorld } from "../world.ts";
import { openPeers } from "../ws/peers.ts";

/** Left of a function's time when its last pass begins: a post may take 3 s. */
const ENDS_BEFORE_MS = 6000;

/**
 * The consumer of the log's own stream: what was appended wakes it, and it follows the log from there. One shard has one caller at a time,
 * and the log is one item after the other of one partition, so that no two of it run at once.
 */
export function makeBroadcast(
  open: () => World,
  peersOf: (world: World) => Peers,
): (event: DynamoDBStreamEvent, context: LambdaContext) => Promise<void> {
  let opened: { world: World; peers: Peers } | undefined;
  return async (event, context) => {
    if (!opened) {
      const world = open();
      opened = { world, peers: peersOf(world) };
    }
    const { world, peers } = opened;
    const appended = event.Records.filter(({ eventName }) => eventName === "INSERT");
    const seqs = appended.map(({ dynamodb }) => Events.seqOf(dynamodb!.Keys!.seq!.S!));
    if (seqs.length === 0) return;
    const until = world.now() + context.getRemainingTimeInMillis() - ENDS_BEFORE_MS;
    await Realtime.broadcast(world, peers, { first: seqs[0]!, last: seqs.at(-1)! }, until);
  };
}

export const handler = makeBroadcast(() => openWorld("broadcast"), openPeers);
