import { afterAll, beforeAll, expect, test } from "vitest";
import { Events } from "../../core/events/index.ts";
import { type Peers, type Posted, Realtime } from "../../core/realtime/index.ts";
import { type Connection, insertConnection, listen, listenersTo } from "../../core/realtime/items.ts";
import { coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";

/** The bar is 1 000; three in ten of them are gone, and one in twenty does not answer until it is told to. */
const CONNECTIONS = Number(process.env.ARX_CONNECTIONS ?? 1000);

type Kind = "there" | "gone" | "slow";
function kindOf(id: string): Kind {
  const n = Number(id.slice(1));
  if (n % 10 < 3) return "gone";
  return n % 20 === 19 ? "slow" : "there";
}
const IDS = Array.from({ length: CONNECTIONS }, (_, n) => `c${n}`);
const of = (kind: Kind) => IDS.filter((id) => kindOf(id) === kind).sort();

interface Post {
  readonly id: string;
  /** The numbers of the events in it. */
  readonly numbers: readonly number[];
  readonly atMs: number;
}

let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

const posts: Post[] = [];
const closed: string[] = [];
let held: (() => void)[] = [];
const peers: Peers = {
  async post(id, text) {
    const events = [JSON.parse(text) as { data: { n: number } }].flat();
    posts.push({ id, numbers: events.map(({ data }) => data.n), atMs: performance.now() });
    if (kindOf(id) === "gone") return "gone";
    if (kindOf(id) === "there") return "sent";
    return new Promise<Posted>((resolve) => held.push(() => resolve("failed")));
  },
  async close(id) {
    closed.push(id);
  },
};

/** Lets what hangs fail. @returns how many that were */
function release(): number {
  const hung = held;
  held = [];
  for (const fail of hung) fail();
  return hung.length;
}

async function connectAll(): Promise<void> {
  const subscription = { types: ["device_moved"], cells: null };
  const opened_at = world.now();
  const live_after = Events.endOf(await Events.head(world));
  const shared = { generation: 1, subscription };
  for (let start = 0; start < IDS.length; start += 50) {
    await Promise.all(
      IDS.slice(start, start + 50).map(async (id) => {
        const actor = { kind: "admin", id: "test", session: "test" } as const;
        const connection: Connection = {
          ...shared,
          id,
          actor,
          channel: "admin",
          opened_at,
          begun_at: opened_at,
        };
        await insertConnection(world.store, connection);
        await listen(world.store, connection, { ...shared, id, live_after, ready_at: 0 });
      }),
    );
  }
}

let sequence = 0n;
/** Appends event `n`, and makes one pass of it. @returns the messages of it, by their connection */
async function tell(process: TestWorld, n: number): Promise<Post[]> {
  sequence += 1n;
  const facts = [{ type: "device_moved" as const, at: world.now(), data: { n } }];
  await Events.append(world, { table: "test", shard: "one" }, [{ sequence, facts }]);
  const { seq } = await Events.head(world);
  posts.length = 0;
  // A second has passed since each had its last message, in one pass of a quiet machine, or in a few.
  const isTold = () => idsOf(posts.filter(({ id }) => kindOf(id) === "there")).length === of("there").length;
  for (let tries = 0; tries < 10 && !isTold(); tries++) {
    await Realtime.broadcast(process, peers, { first: seq, last: seq }, 0);
  }
  return posts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

const idsOf = (of: readonly { readonly id: string }[]) => of.map(({ id }) => id).sort();
const listed = async () => idsOf(await listenersTo(world.store, ["device_moved"]));

test(`R10: of ${CONNECTIONS} connections (ARX_CONNECTIONS) those that are gone are taken away in one pass; the slow delay nobody`, async () => {
  await connectAll();
  const process = coldWorld(world);
  const first = await tell(process, 1);
  expect(idsOf(first)).toEqual([...IDS].sort());
  await expect.poll(listed, { timeout: 20_000 }).toEqual([...of("there"), ...of("slow")].sort());
  expect(held).toHaveLength(of("slow").length);

  // None of the slow has answered yet; everybody else has the next all the same, and nobody's is sent again.
  const second = await tell(process, 2);
  expect(idsOf(second)).toEqual(of("there"));
  expect(second.every(({ numbers }) => numbers.join() === "2")).toBe(true);
  expect(held).toHaveLength(of("slow").length);

  // Each of their failures leaves what they lack to the next message; the third ends them.
  for (const [n, lacking] of [
    [3, "1,2,3"],
    [4, "1,2,3,4"],
  ] as const) {
    expect(release()).toBe(of("slow").length);
    const told = await tell(process, n);
    expect(idsOf(told)).toEqual([...of("there"), ...of("slow")].sort());
    for (const { id, numbers } of told) {
      expect(numbers.join()).toBe(kindOf(id) === "slow" ? lacking : String(n));
    }
  }
  release();
  await expect.poll(listed, { timeout: 20_000 }).toEqual(of("there"));
  expect(closed.sort()).toEqual(of("slow"));
  expect(idsOf(await tell(process, 5))).toEqual(of("there"));
  const spread = (told: readonly Post[]) => {
    const times = told.map(({ atMs }) => atMs);
    return Math.round(Math.max(...times) - Math.min(...times));
  };
  console.log(
    `${CONNECTIONS} connections, ${of("gone").length} gone, ${of("slow").length} slow: from the first message of a pass to the last ` +
      `${spread(first)} ms with all of them, ${spread(second)} ms while the slow ones hung`,
  );
}, 120_000);
