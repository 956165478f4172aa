import { afterAll, beforeAll, expect, it } from "vitest";
import { describeNode } from "../nodes/factory.ts";
import { account, joinToken, openTestWorld, PASSWORD, type TestWorld } from "../world/index.ts";
import { type HttpEdge, type Input, openHttpEdge, type Told } from "./edge.ts";
import { logIn, openStage, type Stage, sessionOf } from "./stage.ts";
import { contentOf, differences } from "./stored.ts";

/** Ways around the declarations: what is another's is neither read nor written by any of them (reliability 2). */

let world: TestWorld;
let stage: Stage;
let edge: HttpEdge;
beforeAll(async () => {
  world = await openTestWorld();
  stage = await openStage(world);
  edge = openHttpEdge(world);
});
afterAll(async () => {
  await stage.close();
  await world.close();
});

/** Refused with this status, and nothing changed. */
async function refused(status: number, ask: () => Promise<Told>): Promise<void> {
  const before = await contentOf(world);
  const told = await ask();
  expect([told.status, told.text]).toEqual([status, expect.any(String)]);
  expect(differences(before, await contentOf(world))).toEqual([]);
}

it("an Idempotency-Key gives nobody the answer that another got", async () => {
  const headers = { "idempotency-key": "the-same" };
  const another = await account(world, "admin");
  const input = { name: "dashboard", scopes: ["route"] };
  const first = await edge.ask("createKey", input, { credential: stage.admin.token, headers });
  const second = await edge.ask("createKey", input, { credential: another.token, headers });
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.body.key).not.toBe(first.body.key);
  const machines = [await joinToken(world), await joinToken(world)];
  const joined = await Promise.all(
    machines.map((credential, n) =>
      edge.ask("registerNode", { ...describeNode(), node_id: `joined-${n}` }, { credential, headers }),
    ),
  );
  expect(joined.map(({ body }) => body.id)).toEqual(["joined-0", "joined-1"]);
  await refused(403, () => edge.ask("createKey", input, { credential: stage.user.token, headers }));
});

it("a machine does not take over a node that is there, by any of its names", async () => {
  const said = describeNode();
  const by = (more: Input) => edge.ask("registerNode", { ...said, ...more }, { credential: stage.machine });
  await refused(409, () => by({ node_id: stage.node.id }));
  await refused(409, () => by({ id: stage.node.id }));
  expect((await edge.ask("getNode", { id: stage.node.id }, { credential: stage.node.key })).status).toBe(200);
});

it("a machine gives no provider's credentials, and nobody writes what is not theirs to write", async () => {
  const credentials = { oauthTokenEncrypted: "x", oauthProvider: "p" };
  await refused(403, () =>
    edge.ask("registerNode", { ...describeNode(), credentials }, { credential: stage.machine }),
  );
  const mail = { email: "somebody@example.com", password: PASSWORD };
  const roles = ["admin", null, ["admin"], { is: "admin" }].map((role) => ({ role }));
  for (const field of [
    ...roles,
    { id: stage.other.id },
    { password_hash: "$argon2id$" },
    { is_admin: true },
  ]) {
    await refused(403, () => edge.ask("registerUser", { ...mail, ...field }));
    await refused(403, () => edge.ask("updateProfile", field, { credential: stage.user.token }));
  }
});

it("another's cursor lists the caller's own sessions alone", async () => {
  for (const who of [stage.user, stage.user, stage.other, stage.other]) await logIn(world, who);
  const page = await edge.ask("listSessions", { limit: 1 }, { credential: stage.other.token });
  const next = new URL(/<([^>]+)>/.exec(page.headers.link!)![1]!).searchParams.get("cursor")!;
  const own = await edge.ask("listSessions", {}, { credential: stage.user.token });
  const seen = await edge.ask("listSessions", { cursor: next }, { credential: stage.user.token });
  expect(seen.status).toBe(200);
  const ids = (own.body as { id: string }[]).map(({ id }) => id);
  for (const { id } of seen.body as { id: string }[]) expect(ids).toContain(id);
});

it("the id in the path is the one that counts, whatever the body or query names", async () => {
  const theirs = stage.otherNode.id;
  const told = await edge.ask(
    "rotateNodeKey",
    { id: stage.node.id },
    { credential: stage.node.key, rawBody: JSON.stringify({ id: theirs, node_id: theirs }) },
  );
  expect(told.body.node_id).toBe(stage.node.id);
  await refused(403, () =>
    edge.ask(
      "rotateNodeKey",
      { id: theirs },
      { credential: stage.node.key, rawBody: JSON.stringify({ id: stage.node.id }) },
    ),
  );
  expect((await edge.ask("getNode", { id: theirs }, { credential: stage.otherNode.key })).status).toBe(200);
});

it("who is logged out, or has no key any more, is nobody within five seconds", async () => {
  const late = { ...world, memory: new Map<symbol, unknown>() };
  const edges = [openHttpEdge(late), openHttpEdge(world)] as const;
  let now = Date.now();
  Object.assign(late, { now: () => now });
  const leaving = await account(world, "admin");
  const made = await edge.ask(
    "createKey",
    { name: "short", scopes: ["nodes:read"] },
    { credential: stage.admin.token },
  );
  const credentials = [leaving.token, made.body.key as string];
  const statuses = () =>
    Promise.all(
      credentials.map(
        async (one) => (await edges[0].ask("listNodesAsAdmin", {}, { credential: one })).status,
      ),
    );
  expect(await statuses()).toEqual([200, 200]);
  await edges[1].ask("logout", {}, { credential: leaving.token });
  await edges[1].ask("deleteKey", { id: made.body.id }, { credential: stage.admin.token });
  now += 5000;
  expect(await statuses()).toEqual([401, 401]);
  await refused(401, () =>
    edge.ask("endSession", { id: sessionOf(stage.user.token) }, { credential: leaving.token }),
  );
});
