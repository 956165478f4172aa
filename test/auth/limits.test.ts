import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SHARED } from "../../core/limits/policy.ts";
import { makeAuth } from "../../functions/http/auth.ts";
import type { HttpHandler } from "../../functions/http/chain.ts";
import { makeTickets } from "../../functions/http/realtime.ts";
import { httpEvent } from "../http/event.ts";
import { steadyClock } from "../nodes/factory.ts";
import { account, coldWorld, openTestWorld, PASSWORD, serviceKey, type TestWorld } from "../world/index.ts";

const START = Date.UTC(2100, 0, 1);

let world: TestWorld;
let clock: ReturnType<typeof steadyClock>;
/** Two processes: what is counted is counted by both. */
let handlers: [HttpHandler, HttpHandler];
beforeEach(async () => {
  clock = steadyClock(START);
  world = await openTestWorld({ now: clock.now });
  handlers = [makeAuth(() => coldWorld(world)), makeAuth(() => coldWorld(world))];
});
afterEach(() => world.close());

let turn = 0;
async function post(path: string, body: unknown, from = "192.0.2.1", handler = handlers[turn++ % 2]!) {
  const event = httpEvent({ path: `/api/v1/auth/${path}`, body: JSON.stringify(body) });
  event.requestContext.http.sourceIp = from;
  const { statusCode, headers, body: text } = await handler(event, {} as never);
  return {
    status: statusCode!,
    headers: headers as Record<string, string>,
    body: text ? JSON.parse(text) : {},
  };
}
const many = <T>(count: number, one: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => one(n)));
const count = (answers: readonly { status: number }[], status: number) =>
  answers.filter((one) => one.status === status).length;

describe("guessing", () => {
  const { limit, windowS } = SHARED.login_account;

  it(`of one account's password, in parallel and from everywhere, gets ${limit} tries; then even the right one is 429`, async () => {
    const { email } = await account(world, "user");
    const guesses = await many(40, (n) =>
      post("login", { email, password: `guess ${n}` }, `198.51.100.${n}`),
    );
    expect([count(guesses, 401), count(guesses, 429)]).toEqual([limit, 40 - limit]);
    const refused = await post("login", { email, password: PASSWORD }, "203.0.113.1");
    expect(refused.status).toBe(429);
    expect(refused.headers).toMatchObject({
      "content-type": "application/problem+json",
      "retry-after": String(windowS),
      "ratelimit-limit": String(limit),
      "ratelimit-remaining": "0",
      "ratelimit-reset": String(windowS),
      "ratelimit-policy": `${limit};w=${windowS}`,
    });
    clock.advance(windowS * 1000);
    expect((await post("login", { email, password: PASSWORD }, "203.0.113.1")).status).toBe(200);
  });

  it("of an account that nobody has is answered the same", async () => {
    const guesses = await many(15, (n) =>
      post("login", { email: "nobody@example.com", password: `guess ${n}` }, `198.51.100.${n}`),
    );
    expect([count(guesses, 401), count(guesses, 429)]).toEqual([limit, 15 - limit]);
  });

  it("of many accounts from one address ends too; an address of IPv6 is its whole network", async () => {
    const guesses = await many(25, (n) =>
      post("login", { email: `user-${n}@example.com`, password: "guess" }, `2001:db8:1:2::${n}`),
    );
    expect([count(guesses, 401), count(guesses, 429)]).toEqual([limit, 25 - limit]);
    const other = await post("login", { email: "user@example.com", password: "guess" }, "2001:db8:1:3::1");
    expect(other.status).toBe(401);
  });

  it("is what counts: who logs in, or sends what is no login, is never refused", async () => {
    const { email } = await account(world, "user");
    for (let n = 0; n < limit + 3; n++) {
      expect((await post("login", { email, password: PASSWORD })).status).toBe(200);
      expect((await post("login", { email: "none", password: PASSWORD })).status).toBe(422);
    }
  });
});

it("whoever has an access token gets so many tries at the password behind it", async () => {
  const { limit } = SHARED.login_account;
  const { token } = await account(world, "user");
  const put = async (body: object) => {
    const headers = { authorization: `Bearer ${token}` };
    const event = httpEvent({
      method: "PUT",
      path: "/api/v1/auth/profile",
      headers,
      body: JSON.stringify(body),
    });
    return { status: (await handlers[turn++ % 2]!(event, {} as never)).statusCode! };
  };
  const guesses = await many(15, (n) => put({ password: "another one", current_password: `guess ${n}` }));
  expect([count(guesses, 403), count(guesses, 429)]).toEqual([limit, 5]);
  expect((await put({ password: "another one", current_password: PASSWORD })).status).toBe(429);
  expect((await put({ full_name: "Ada" })).status).toBe(200);
});

it("registering from one address ends after so many", async () => {
  const { limit } = SHARED.register_address;
  const answers = await many(limit + 5, (n) =>
    post("register", { email: `user-${n}@example.com`, password: PASSWORD }),
  );
  expect([count(answers, 201), count(answers, 429)]).toEqual([limit, 5]);
  expect(
    (await post("register", { email: "other@example.com", password: PASSWORD }, "192.0.2.2")).status,
  ).toBe(201);
});

it("a session is refreshed so often, and others of the same address go on", async () => {
  const { limit } = SHARED.refresh_session;
  const { grant } = await account(world, "user");
  let refresh_token = grant.refresh_token;
  for (let n = 0; n < limit; n++) {
    const answer = await post("refresh", { refresh_token });
    expect(answer.status).toBe(200);
    refresh_token = answer.body.refresh_token;
  }
  expect((await post("refresh", { refresh_token })).status).toBe(429);
  const other = await account(world, "user");
  expect((await post("refresh", { refresh_token: other.grant.refresh_token })).status).toBe(200);
  clock.advance(SHARED.refresh_session.windowS * 1000);
  expect((await post("refresh", { refresh_token })).status).toBe(200);
});

it("tickets are counted by whoever gets them, wherever from", async () => {
  const { limit } = SHARED.ticket;
  const handler = makeTickets(() => world);
  const [key, other] = [await serviceKey(world, ["events:read"]), await serviceKey(world, ["events:read"])];
  const ticket = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const { statusCode } = await handler(httpEvent({ path: "/api/v1/ws-tickets", headers }), {} as never);
    return { status: statusCode! };
  };
  const answers = await many(limit + 5, () => ticket(key));
  expect([count(answers, 201), count(answers, 429)]).toEqual([limit, 5]);
  expect((await ticket(other)).status).toBe(201);
});
