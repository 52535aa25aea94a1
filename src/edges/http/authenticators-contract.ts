/** The contract's part about authenticator apps: binding one more device of a person, and looking after those there are. */

import { z } from "zod";
import { operation, username } from "./contract-parts.ts";

const scope = "helpdesk";
const params = z.strictObject({ username });
const time = z.int().meta({ description: "Epoch milliseconds." });
const reason = z.string().min(1).max(1000).meta({ description: "For the log, beside the entry." });
const id = z.strictObject({ id: z.string() }).meta({ id: "AuthenticatorId" });
const one = z
  .strictObject({ device: z.string().min(1).max(64).meta({ description: "Its id, or its name." }), reason })
  .meta({ id: "AuthenticatorRequest" });

type Act<Answer, Body> = { url: string; operationId: string; summary: string; answer: Answer; body: Body };
const act = <Answer extends z.ZodType, Body extends z.ZodObject>({ url, ...more }: Act<Answer, Body>) =>
  operation({ ...more, method: "POST", url: `/api/v1/users/:username/authenticators${url}`, scope, params });

const device = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    kind: z.string(),
    platform: z.string(),
    appVersion: z.string(),
    language: z.string().nullable(),
    state: z.enum(["proving", "active", "blocked"]),
    push: z.enum(["web", "none"]).meta({ description: "none: notifications do not reach it." }),
    createdAt: time,
    lastSeenAt: time.nullable(),
    lastResult: z.string().nullable(),
  })
  .meta({ id: "Authenticator" });

const unactivated = z
  .strictObject({
    id: z.string(),
    username: z.string().nullable().meta({ description: "Null: nobody knows the device." }),
    name: z.string().nullable(),
    why: z.enum(["removed", "replaced", "unfinished", "blocked", "unknown"]).meta({
      description:
        "replaced: its person has bound another since. unfinished: it was never shown that its channel works.",
    }),
    claims: z.string().nullable().meta({
      description: "The name that an unknown one says its account has. Anybody can say that: it is unproved.",
    }),
    others: z
      .int()
      .meta({ description: "How many devices of the person count now: without one, the app is of no use." }),
    since: time.meta({ description: "When it first asked since then." }),
    askedAt: time.meta({ description: "When it last asked, to the hour." }),
  })
  .meta({ id: "UnactivatedAuthenticator" });

export const authenticatorsContract = {
  inviteAuthenticator: act({
    url: "",
    operationId: "inviteAuthenticator",
    summary: "Let a person bind the authenticator app on one more device, within ten minutes",
    body: z.strictObject({ reason }).meta({ id: "InviteAuthenticatorRequest" }),
    answer: z
      .strictObject({
        username: z.string(),
        id: z.string(),
        link: z.string().meta({ description: "What the QR code holds. Good once, and shown this once." }),
        code: z.string().meta({ description: "To type with the name, instead of the link." }),
        expiresAt: time,
      })
      .meta({ id: "AuthenticatorInvitation" }),
  }),
  listAuthenticators: operation({
    method: "GET",
    url: "/api/v1/users/:username/authenticators",
    scope,
    operationId: "listAuthenticators",
    summary: "The devices on which a person has the authenticator app",
    params,
    answer: z.strictObject({ devices: z.array(device) }).meta({ id: "Authenticators" }),
  }),
  listUnactivatedAuthenticators: operation({
    method: "GET",
    url: "/api/v1/unactivated-authenticators",
    scope,
    operationId: "listUnactivatedAuthenticators",
    summary: "The devices whose app says that it is not for an activated account, and whose they are",
    params: z.strictObject({}),
    query: z.strictObject({
      limit: z
        .string()
        .regex(/^[1-9]\d{0,2}$|^1000$/)
        .optional()
        .meta({ description: "100 where it is not said, 1,000 at most." }),
    }),
    answer: z
      .strictObject({
        total: z.int().meta({ description: "How many there are, listed here or not." }),
        devices: z.array(unactivated).meta({ description: "Who asked last comes first." }),
      })
      .meta({ id: "UnactivatedAuthenticators" }),
  }),
  removeAuthenticator: act({
    url: "/remove",
    operationId: "removeAuthenticator",
    summary: "Take a device away from a person, with its codes",
    body: one,
    answer: id,
  }),
  blockAuthenticator: act({
    url: "/block",
    operationId: "blockAuthenticator",
    summary: "Let a device approve nothing and its codes count no more",
    body: one,
    answer: id,
  }),
  unblockAuthenticator: act({
    url: "/unblock",
    operationId: "unblockAuthenticator",
    summary: "Let a blocked device count again",
    body: one,
    answer: id,
  }),
};
