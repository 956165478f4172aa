import * as z from "zod/mini";
import { keySet } from "../../core/tokens/jwks.ts";
import {
  grantView,
  loginInput,
  logoutInput,
  profileInput,
  refreshInput,
  registerInput,
  updateProfileInput,
  userView,
} from "../../core/users/schema.ts";
import { byId, sessionsInput, sessionView } from "../../core/users/sessions/list.ts";
import { endpoint } from "../endpoint.ts";

const nothing = z.undefined();
const REFRESH_TOKEN = `arx_refresh_0199a5c0-0000-7000-8000-000000000000_${"A".repeat(64)}`;

export const auth = {
  registerUser: endpoint({
    method: "POST",
    path: "/api/v1/auth/register",
    domain: "auth",
    who: ["anyone"],
    lenient: true,
    summary: "Make an account",
    description:
      "In the role `user`: a body that names a role, or another field that is not the caller's to write, is refused with 403. Emails are " +
      "compared without regard to case. A password has 8 to 128 characters. Log in with it next.",
    input: registerInput,
    output: userView,
    status: [201],
    errors: [403, 409],
    example: {
      input: { email: "ada@example.com", password: "correct horse battery", full_name: "Ada Lovelace" },
    },
  }),
  login: endpoint({
    method: "POST",
    path: "/api/v1/auth/login",
    domain: "auth",
    who: ["anyone"],
    lenient: true,
    summary: "Begin a session: an access token, and a refresh token to get the next one with",
    description:
      "The access token is good for 15 minutes, the refresh token once, within 7 days. A wrong password and an unknown email are answered " +
      "alike. After ten that were wrong, from one address or for one account, it answers 429 until a quarter of an hour is over.",
    input: loginInput,
    output: grantView,
    status: [200],
    errors: [401],
    example: { input: { email: "ada@example.com", password: "correct horse battery" } },
  }),
  refresh: endpoint({
    method: "POST",
    path: "/api/v1/auth/refresh",
    domain: "auth",
    who: ["anyone"],
    lenient: true,
    summary: "Turn a refresh token into the next one and a new access token",
    description:
      "Each refresh token is good once. The same one again within ten seconds gets the same successor, so that an answer that was lost can be " +
      "asked for again; later than that it ends the session, since two must hold it.",
    input: refreshInput,
    output: grantView,
    status: [200],
    errors: [401],
    example: { input: { refresh_token: REFRESH_TOKEN } },
  }),
  logout: endpoint({
    method: "POST",
    path: "/api/v1/auth/logout",
    domain: "auth",
    who: ["anyone"],
    lenient: true,
    summary: "End a session",
    description:
      "The one of the access token, and the one of a `refresh_token` in the body: whose access token has expired logs out with that. Within " +
      "five seconds its tokens are refused everywhere. 401 with neither; one that has ended already is no error.",
    input: logoutInput,
    output: nothing,
    status: [204],
    errors: [401],
    example: { input: { refresh_token: REFRESH_TOKEN } },
  }),
  getProfile: endpoint({
    method: "GET",
    path: "/api/v1/auth/profile",
    domain: "auth",
    who: ["user"],
    summary: "The caller's own account",
    input: profileInput,
    output: userView,
    status: [200],
    revised: true,
  }),
  updateProfile: endpoint({
    method: "PUT",
    path: "/api/v1/auth/profile",
    domain: "auth",
    who: ["user"],
    summary: "Change the caller's own account; fields left out stay as they are",
    description:
      "Another email or password needs the `current_password`. Another password ends all other sessions. 403 for a role, or another field " +
      "that is not the caller's to write.",
    input: updateProfileInput,
    output: userView,
    status: [200],
    errors: [403, 409, 412],
    revised: true,
    example: { input: { full_name: "Ada King" } },
  }),
  listSessions: endpoint({
    method: "GET",
    path: "/api/v1/auth/sessions",
    domain: "auth",
    who: ["user"],
    summary: "The caller's own sessions, newest first",
    description: "A page may hold fewer than `limit`: it is the last one only when it has no `Link`.",
    input: sessionsInput,
    output: z.array(sessionView),
    status: [200],
    paged: true,
  }),
  endSession: endpoint({
    method: "DELETE",
    path: "/api/v1/auth/sessions/{id}",
    domain: "auth",
    who: ["user"],
    summary: "End one of the caller's own sessions",
    input: byId,
    output: nothing,
    status: [204],
    errors: [404],
    example: { input: { id: "0199a5c0-0000-7000-8000-000000000000" } },
  }),
  getSigningKeys: endpoint({
    method: "GET",
    path: "/.well-known/jwks.json",
    domain: "auth",
    who: ["anyone"],
    lenient: true,
    summary: "The public keys that access tokens are signed with (RFC 7517)",
    description: "To be kept for as long as `Cache-Control` says: a new key is here before it signs.",
    input: z.object({}),
    output: keySet,
    status: [200],
  }),
};
