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
