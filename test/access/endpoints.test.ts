import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Endpoint, Who } from "../../contract/endpoint.ts";
import { ENDPOINTS, type EndpointId } from "../../contract/index.ts";
import { openTestWorld, type TestWorld } from "../world/index.ts";
import { ASKED } from "./asked.ts";
import { type Calling, callersOf, mayCall } from "./callers.ts";
import { type HttpEdge, type Input, openHttpEdge } from "./edge.ts";
import { logIn, openStage, type Stage, sessionOf } from "./stage.ts";
import { contentOf, differences } from "./stored.ts";

/** Every endpoint, for every kind of caller, about what is its own and what is not (reliability 2). */

let world: TestWorld;
let stage: Stage;
let edge: HttpEdge;
const tried = { refused: 0, let_in: 0 };
beforeAll(async () => {
  world = await openTestWorld({ config: { ARX_SCAN_NETWORKS: ["127.0.0.0/8"] } });
  stage = await openStage(world);
  edge = openHttpEdge(world);
});
afterAll(async () => {
  console.log(
    `access: ${Object.keys(ENDPOINTS).length} endpoints, ${tried.refused + tried.let_in} cases: ${tried.refused} refused, ${tried.let_in} let in`,
  );
  await stage.close();
  await world.close();
});

/** One call, and what must come of it: a status of refusal, or null when it is let in. */
interface Case {
  readonly caller: Calling;
  readonly refusal: number | null;
  readonly isStricter: boolean;
}

function refusalOf(endpoint: Endpoint, caller: Calling, who: Who): number | null {
  if (caller.kind === "stranger") {
    if (!endpoint.lenient) return 401;
    return who.includes("anyone") ? null : 401;
  }
  if (!mayCall(caller, who)) return caller.kind === "nobody" ? 401 : 403;
  if (caller.owns) return null;
  // A node's key acts for that node alone; of a user's things another's are not there.
  return caller.kind === "node" ? 403 : 404;
}

async function casesOf(id: EndpointId): Promise<Case[]> {
  const endpoint: Endpoint = ENDPOINTS[id];
  const { of } = ASKED[id];
  const owner = of === "node" || of === "user" ? of : undefined;
  const whos: [Who, boolean][] = [[endpoint.who, false]];
  if (endpoint.stricter) whos.push([endpoint.stricter.who, true]);
  const cases = whos.map(async ([who, isStricter]) =>
    (await callersOf(stage, who, owner)).map((caller) => ({
      caller,
      isStricter,
      refusal: refusalOf(endpoint, caller, who),
    })),
  );
  return (await Promise.all(cases)).flat();
}

/** What is asked about: the node's own or one made for the purpose, the user's own session or one of somebody else. */
async function inputFor(id: EndpointId, { caller, isStricter, refusal }: Case): Promise<Input> {
  const asked = ASKED[id];
  if (isStricter) return asked.stricter!(stage);
  const nodeId =
    asked.of !== "node" || caller.kind === "node" || refusal !== null
      ? stage.node.id
      : await stage.makeNode(!asked.inactive);
  const input = await asked.input(stage, nodeId);
  if (asked.of !== "user") return input;
  const owner = caller.kind === "admin" && caller.owns ? stage.admin : stage.user;
  return { ...input, id: sessionOf((await logIn(world, owner)).access_token) };
}

const endpoints = Object.entries(ENDPOINTS) as [EndpointId, Endpoint][];

it("all are listed, with what they are asked and whose that is", () => {
  expect(Object.keys(ASKED).toSorted(), "unlisted endpoints").toEqual(Object.keys(ENDPOINTS).toSorted());
  for (const [id, endpoint] of endpoints) {
    expect(ASKED[id].stricter !== undefined, `${id} has an input for stricter callers`).toBe(
      endpoint.stricter !== undefined,
    );
    if (ASKED[id].stricter) expect(endpoint.stricter!.when(ASKED[id].stricter(stage)), id).toBe(true);
    // Whoever lets nodes in says which input names the node.
    if (endpoint.who.includes("node")) {
      expect([id, ASKED[id].of, endpoint.ownNode]).toEqual([id, "node", expect.any(String)]);
    }
  }
});

describe.each(endpoints)("%s", (id, endpoint) => {
  it("refuses who may not call, and nothing is changed", async () => {
    const cases = (await casesOf(id)).filter(({ refusal }) => refusal !== null);
    const inputs = await Promise.all(cases.map((one) => inputFor(id, one)));
    const before = await contentOf(world);
    for (const [at, { caller, refusal }] of cases.entries()) {
      const told = await edge.ask(id, inputs[at], { credential: caller.credential });
      tried.refused++;
      expect([caller.name, told.status, told.text]).toEqual([caller.name, refusal, expect.any(String)]);
      expect(told.body).toMatchObject({ status: refusal, detail: expect.any(String) });
      if (refusal === 401) expect(told.headers["www-authenticate"]).toBe("Bearer");
    }
    expect(differences(before, await contentOf(world))).toEqual([]);
  });

  it("lets in who may", async () => {
    const { check, also = [], logsOut } = ASKED[id];
    const cases = (await casesOf(id)).filter(({ refusal }) => refusal === null);
    expect(cases.length).toBeGreaterThan(0);
    for (const one of cases) {
      const told = await edge.ask(id, await inputFor(id, one), { credential: one.caller.credential });
      tried.let_in++;
      expect([...endpoint.status, ...also], `${one.caller.name}: ${told.text}`).toContain(told.status);
      const wrong = check?.(told, one.caller, stage) ?? null;
      expect([one.caller.name, wrong]).toEqual([one.caller.name, null]);
    }
    if (!logsOut) return;
    for (const who of ["user", "admin"] as const) {
      stage[who] = { ...stage[who], token: (await logIn(world, stage[who])).access_token };
    }
  });
});
