import * as z from "zod/mini";
import { must, text } from "../nodes/fields.ts";
import { normaliseEmail } from "./email.ts";
import { ROLES } from "./record.ts";

export const email = z.pipe(
  z
    .string(must("Must be a text"))
    .check(z.maxLength(1024, { error: "Must have at most 254 characters", abort: true })),
  z.transform((given, context): string => {
    const normalised = normaliseEmail(given);
    if (normalised !== null) return normalised;
    context.issues.push({ code: "custom", message: "Must be an email address", input: given });
    return z.NEVER;
  }),
);

/** A password to be set. Counted in characters of Unicode, and never cut; half a surrogate pair is none. */
export const newPassword = z
  .string(must("Must be a text"))
  .check(z.regex(/^\P{Cs}{8,128}$/u, "Must have 8 to 128 characters"));

/** A password to be compared: one from an older system may be shorter than a new one may. */
const knownPassword = z
  .string(must("Must be a text"))
  .check(z.minLength(1, "Must not be empty"), z.maxLength(1024, "Must have at most 1024 characters"));

const fullName = text(200);

export const registerInput = z.object({ email, password: newPassword, full_name: z.nullish(fullName) });

export const loginInput = z.object({ email, password: knownPassword });

const refreshToken = z
  .string(must("Must be a text"))
  .check(z.maxLength(256, "Must have at most 256 characters"));

export const refreshInput = z.object({ refresh_token: refreshToken });

/** Ends the session of the caller, and the one of a refresh token; one of the two is needed. */
export const logoutInput = z.object({ refresh_token: z.optional(refreshToken) });

export const profileInput = z.object({});

/** Fields left out stay; null takes the name away. Another email or password needs the current password. */
export const updateProfileInput = z.object({
  email: z.optional(email),
  full_name: z.nullish(fullName),
  password: z.optional(newPassword),
  current_password: z.optional(knownPassword),
  if_match: z.optional(z.string()),
});

export const userView = z.object({
  id: z.string(),
  email: z.string(),
  full_name: z.nullable(z.string()),
  role: z.enum(ROLES),
  created_at: z.string(),
  updated_at: z.string(),
  revision: z.int(),
});
export type UserView = z.output<typeof userView>;

/** What login and refresh answer with. `expires_in` is of the access token, in seconds. */
export const grantView = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.int(),
  user: userView,
});
export type GrantView = z.output<typeof grantView>;
