/** The contract's part about the help desk: what is done for one person, each with its reason. */

import { z } from "zod";
import { states } from "#actions/person-fields.ts";
import { operation, resynchronised, username } from "./contract-parts.ts";

const scope = "helpdesk";
const params = z.strictObject({ username });
const time = z.int().meta({ description: "Epoch milliseconds." });
const ids = z.array(z.string());

const asked = z
  .strictObject({
    reason: z.string().min(1).max(1000).meta({ description: "For the log, beside the entry." }),
  })
  .meta({ id: "HelpDeskRequest" });
const hours = (description: string) => z.int().min(1).max(24).optional().meta({ description });

type Act<Answer, Body> = { url: string; operationId: string; summary: string; answer: Answer; body: Body };
const act = <Answer extends z.ZodType, Body extends z.ZodObject>({ url, ...one }: Act<Answer, Body>) =>
  operation({ ...one, method: "POST", url: `/api/v1/users/:username/${url}`, scope, params });

const state = z.strictObject({ id: z.string(), state: z.enum(states) }).meta({ id: "PersonState" });
const method = z
  .strictObject({
    id: z.string(),
    method: z.string(),
    name: z.string().nullable(),
    sentTo: z.string().nullable().meta({ description: "Where codes go, masked." }),
    lockedUntil: time.nullable(),
    expiresAt: time.nullable(),
    createdAt: time,
    lastUsedAt: time.nullable(),
  })
  .meta({ id: "PersonMethod" });

export const helpDeskContract = {
  enableUser: act({
    url: "enable",
    operationId: "enableUser",
    summary: "Let a person sign in again",
    body: asked,
    answer: state,
  }),
  disableUser: act({
    url: "disable",
    operationId: "disableUser",
    summary: "Refuse every sign-in of a person",
    body: asked,
    answer: state,
  }),
  enforceUser: act({
    url: "enforce",
    operationId: "enforceUser",
    summary: "Ask a person for two steps wherever that can be asked",
    body: asked,
    answer: state,
  }),
  issueTap: act({
    url: "tap",
    operationId: "issueTap",
    summary: "Issue a Temporary Access Pass, which lets a person in once, to register a method",
    body: asked.extend({ hours: hours("How long it is good; 1 otherwise.") }).meta({ id: "TapRequest" }),
    answer: z
      .strictObject({ id: z.string(), pass: z.string().meta({ description: "Shown this once." }), expiresAt: time })
      .meta({ id: "Tap" }),
  }),
  requireRegistration: act({
    url: "require-registration",
    operationId: "requireRegistration",
    summary: "Take all methods away: the person registers anew, with a Temporary Access Pass or within a window",
    body: asked
      .extend({ windowHours: hours("For so long the password alone is enough to register; never otherwise.") })
      .meta({ id: "RequireRegistrationRequest" }),
    answer: z.strictObject({ removed: ids, registerUntil: time.nullable() }).meta({ id: "RequiredRegistration" }),
  }),
  resetPassword: act({
    url: "reset-password",
    operationId: "resetPassword",
    summary: "Give a person a password for once: they choose their own at the next sign-in",
    body: asked
      .extend({
        password: z.string().min(1).max(1024).optional().meta({ description: "One is made and shown once otherwise." }),
      })
      .meta({ id: "ResetPasswordRequest" }),
    answer: z
      .strictObject({ id: z.string(), password: z.string().optional().meta({ description: "Shown this once." }) })
      .meta({ id: "ResetPassword" }),
  }),
  revokeSessions: act({
    url: "revoke-sessions",
    operationId: "revokeSessions",
    summary: "Sign a person out everywhere",
    body: asked,
    answer: z.strictObject({ ended: ids }).meta({ id: "EndedSessions" }),
  }),
  revokeDevices: act({
    url: "revoke-devices",
    operationId: "revokeDevices",
    summary: "Forget the browsers in which a person may skip the second step",
    body: asked,
    answer: z.strictObject({ forgotten: ids }).meta({ id: "ForgottenDevices" }),
  }),
  unlockMethods: act({
    url: "unlock",
    operationId: "unlockMethods",
    summary: "Forget the wrong answers that have locked a method, or all of a person's",
    body: asked
      .extend({
        method: z.string().min(1).max(100).optional().meta({ description: "By id, name or kind; all otherwise." }),
      })
      .meta({ id: "UnlockRequest" }),
    answer: z.strictObject({ unlocked: ids }).meta({ id: "UnlockedMethods" }),
  }),
  resynchroniseMethod: act({
    url: "resync",
    operationId: "resynchroniseMethod",
    summary: "Find an app or token again that has fallen out of step, by codes that it shows in a row",
    body: asked
      .extend({
        method: z.string().min(1).max(100).meta({ description: "By id, name or kind." }),
        codes: z.array(z.string().max(20)).min(2).max(3),
      })
      .meta({ id: "ResyncRequest" }),
    answer: resynchronised,
  }),
  listMethods: operation({
    method: "GET",
    url: "/api/v1/users/:username/methods",
    scope,
    operationId: "listMethods",
    summary: "A person's methods, numbers masked",
    params,
    answer: z.strictObject({ methods: z.array(method) }).meta({ id: "PersonMethods" }),
  }),
  revealNumbers: act({
    url: "reveal-numbers",
    operationId: "revealNumbers",
    summary: "A person's numbers whole, which is in the log with the reason",
    body: z.strictObject({ reason: z.string().min(1).max(1000) }).meta({ id: "RevealRequest" }),
    answer: z
      .strictObject({
        mobilePhone: z.string().nullable(),
        backupPhone: z.string().nullable(),
        phoneExtension: z.string().nullable(),
        methods: z.array(
          z.strictObject({ id: z.string(), method: z.string(), number: z.string(), backup: z.string().optional() }),
        ),
      })
      .meta({ id: "RevealedNumbers" }),
  }),
};
