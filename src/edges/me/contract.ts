/**
 * What a person's own pages may ask, as it is promised: paths, closed schemas, statuses. Must stay true: every request schema
 * is closed. `confirmed` is the section of the page that asks: who has to verify first comes back to it.
 */

import { z } from "zod";
import { languages, type Language } from "#i18n/translate.ts";
import { deviceName } from "#wire/device/messages.ts";
import { app, cursor, device, me, method, problem, session, signIn } from "./shapes.ts";

const problems = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problem } },
});
const answers = (description: string, schema: z.ZodType) => ({
  description,
  content: { "application/json": { schema } },
});
const failures = {
  401: problems("There is no session here; or, with a location, the person must verify first."),
  503: problems("It cannot be done now."),
};
const changeFailures = {
  ...failures,
  400: problems("The request is not as described here, or what it asks for is refused."),
  403: problems("It did not come from a page of this session."),
  415: problems("The body is not application/json."),
};
const done = { 204: z.null().meta({ description: "Done." }) };
const missing = { 404: problems("This person has none of that id.") };
const placed = { 200: answers("Where to go on.", z.strictObject({ location: z.string() }).meta({ id: "Onward" })) };

const none = z.strictObject({});
const params = z.strictObject({ id: z.string().max(64) });
const shared = { tags: ["me"], security: [{ session: [] }], querystring: none };
const base = "/api/v1/me";

const read = <Schema extends z.ZodType>(operationId: string, summary: string, schema: Schema) => ({
  operationId,
  summary,
  ...shared,
  response: { 200: answers(summary, schema), ...failures },
});

const name = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^\P{Cc}*$/u);
const password = z.string().min(1).max(1024);

export const ownContract = {
  readMe: { method: "GET", url: base, schema: read("readMe", "Who is signed in, and how well that is protected", me) },
  listMethods: {
    method: "GET",
    url: `${base}/methods`,
    schema: read("listOwnMethods", "The person's methods", z.strictObject({ methods: z.array(method) })),
  },
  addMethod: {
    method: "POST",
    url: `${base}/methods`,
    schema: {
      operationId: "addOwnMethod",
      summary: "Begin to register a further method; the sign-in pages do it",
      ...shared,
      body: none,
      response: { ...placed, ...changeFailures },
    },
  },
  renameMethod: {
    method: "PATCH",
    url: `${base}/methods/:id`,
    config: { confirmed: "methods" },
    schema: {
      operationId: "renameOwnMethod",
      summary: "Give a method a name",
      ...shared,
      params,
      body: z.strictObject({ name }).meta({ id: "NewName" }),
      response: { ...done, ...changeFailures, ...missing },
    },
  },
  removeMethod: {
    method: "DELETE",
    url: `${base}/methods/:id`,
    config: { confirmed: "methods" },
    schema: {
      operationId: "removeOwnMethod",
      summary: "Take a method away; never the last one that verifies",
      ...shared,
      params,
      response: { ...done, ...changeFailures, ...missing, 409: problems("It is the last one.") },
    },
  },
  addBackup: {
    method: "POST",
    url: `${base}/methods/:id/backup`,
    schema: {
      operationId: "addOwnBackupPhone",
      summary: "Begin to set up the phone that is called when nobody answers; the sign-in pages do it",
      ...shared,
      params,
      body: none,
      response: { ...placed, ...changeFailures, ...missing },
    },
  },
  removeBackup: {
    method: "DELETE",
    url: `${base}/methods/:id/backup`,
    config: { confirmed: "methods" },
    schema: {
      operationId: "removeOwnBackupPhone",
      summary: "Take the backup phone of calls away",
      ...shared,
      params,
      response: { ...done, ...changeFailures, ...missing },
    },
  },
  loseMethod: {
    method: "POST",
    url: `${base}/methods/:id/lost`,
    config: { confirmed: "methods", lost: true },
    schema: {
      operationId: "loseOwnMethod",
      summary: "Report a method lost: it counts no more until it is found; verified without it",
      ...shared,
      params,
      body: none,
      response: { ...done, ...changeFailures, ...missing, 409: problems("It is the last one.") },
    },
  },
  findMethod: {
    method: "POST",
    url: `${base}/methods/:id/found`,
    config: { confirmed: "methods" },
    schema: {
      operationId: "findOwnMethod",
      summary: "A method that was reported lost counts again",
      ...shared,
      params,
      body: none,
      response: { ...done, ...changeFailures, ...missing },
    },
  },
  resyncMethod: {
    method: "POST",
    url: `${base}/methods/:id/resynchronisation`,
    schema: {
      operationId: "resynchroniseOwnToken",
      summary: "Set a hardware token right by two codes that it shows one after the other; they are used up",
      ...shared,
      params,
      body: z.strictObject({ codes: z.array(z.string().min(1).max(64)).min(2).max(3) }).meta({ id: "ResyncCodes" }),
      response: {
        ...done,
        ...changeFailures,
        ...missing,
        409: problems("These are not codes of it in a row."),
        429: problems("Too many wrong codes; try again later."),
      },
    },
  },
  setFirst: {
    method: "PUT",
    url: `${base}/default-method`,
    config: { confirmed: "methods" },
    schema: {
      operationId: "setOwnDefaultMethod",
      summary: "Which kind of method is asked for first",
      ...shared,
      body: z.strictObject({ kind: z.string().max(20).nullable() }).meta({ id: "DefaultMethod" }),
      response: { ...done, ...changeFailures, ...missing },
    },
  },
  listApps: {
    method: "GET",
    url: `${base}/apps`,
    schema: read(
      "listOwnApps",
      "The devices with the person's authenticator app",
      z.strictObject({ apps: z.array(app) }),
    ),
  },
  renameApp: {
    method: "PATCH",
    url: `${base}/apps/:id`,
    config: { confirmed: "methods" },
    schema: {
      operationId: "renameOwnApp",
      summary: "Give the app's device a name",
      ...shared,
      params,
      body: z.strictObject({ name: deviceName }).meta({ id: "NewAppName" }),
      response: { ...done, ...changeFailures, ...missing },
    },
  },
  removeApp: {
    method: "DELETE",
    url: `${base}/apps/:id`,
    config: { confirmed: "methods" },
    schema: {
      operationId: "removeOwnApp",
      summary: "Take the app away from a device; never the last way to verify",
      ...shared,
      params,
      response: { ...done, ...changeFailures, ...missing, 409: problems("It is the last one.") },
    },
  },
  blockApp: {
    method: "POST",
    url: `${base}/apps/:id/stolen`,
    config: { confirmed: "methods" },
    schema: {
      operationId: "blockOwnApp",
      summary: "The app's device was stolen: it approves nothing any more, and its codes do not count",
      ...shared,
      params,
      body: none,
      response: { ...done, ...changeFailures, ...missing, 409: problems("It is the last one.") },
    },
  },
  listSessions: {
    method: "GET",
    url: `${base}/sessions`,
    schema: read("listOwnSessions", "Where the person is signed in", z.strictObject({ sessions: z.array(session) })),
  },
  endSessions: {
    method: "DELETE",
    url: `${base}/sessions`,
    config: { confirmed: "devices" },
    schema: {
      operationId: "endOwnSessions",
      summary: "Sign out everywhere but here",
      ...shared,
      response: { ...done, ...changeFailures },
    },
  },
  endSession: {
    method: "DELETE",
    url: `${base}/sessions/:id`,
    config: { confirmed: "devices" },
    schema: {
      operationId: "endOwnSession",
      summary: "Sign out one browser",
      ...shared,
      params,
      response: { ...done, ...changeFailures, ...missing },
    },
  },
  listDevices: {
    method: "GET",
    url: `${base}/devices`,
    schema: read(
      "listOwnDevices",
      "Browsers in which the second step is not asked for",
      z.strictObject({ devices: z.array(device) }),
    ),
  },
  forgetDevices: {
    method: "DELETE",
    url: `${base}/devices`,
    config: { confirmed: "devices" },
    schema: {
      operationId: "forgetOwnDevices",
      summary: "Ask for the second step in every browser again",
      ...shared,
      response: { ...done, ...changeFailures },
    },
  },
  forgetDevice: {
    method: "DELETE",
    url: `${base}/devices/:id`,
    config: { confirmed: "devices" },
    schema: {
      operationId: "forgetOwnDevice",
      summary: "Ask for the second step in one browser again",
      ...shared,
      params,
      response: { ...done, ...changeFailures, ...missing },
    },
  },
  listHistory: {
    method: "GET",
    url: `${base}/history`,
    schema: {
      ...read(
        "listOwnHistory",
        "Sign-ins and attempts, newest first",
        z.strictObject({ signIns: z.array(signIn), next: cursor.nullable() }).meta({ id: "OwnHistory" }),
      ),
      querystring: z.strictObject({
        before: cursor.optional().meta({ description: "`next` of the page before." }),
      }),
    },
  },
  setLanguage: {
    method: "PUT",
    url: `${base}/language`,
    schema: {
      operationId: "setOwnLanguage",
      summary: "The language of pages, texts and mail",
      ...shared,
      body: z
        .strictObject({ language: z.enum(Object.keys(languages) as [Language, ...Language[]]) })
        .meta({ id: "NewLanguage" }),
      response: { ...done, ...changeFailures },
    },
  },
  confirm: {
    method: "POST",
    url: `${base}/confirmation`,
    config: { confirmed: "security" },
    schema: {
      operationId: "confirmOwn",
      summary: "Whether the person has verified lately enough for a change; if not, where to",
      ...shared,
      body: none,
      response: { ...done, ...changeFailures },
    },
  },
  changePassword: {
    method: "POST",
    url: `${base}/password`,
    config: { confirmed: "security" },
    schema: {
      operationId: "changeOwnPassword",
      summary: "A new password; ends every other session and remembered browser",
      ...shared,
      body: z.strictObject({ current: password, next: password }).meta({ id: "NewPassword" }),
      response: { ...done, ...changeFailures, 429: problems("Too many wrong passwords; try again later.") },
    },
  },
  choosePin: {
    method: "PUT",
    url: `${base}/pin`,
    config: { confirmed: "security" },
    schema: {
      operationId: "chooseOwnPin",
      summary: "A new PIN for calls and texts",
      ...shared,
      body: z.strictObject({ pin: z.string().min(1).max(64) }).meta({ id: "NewPin" }),
      response: { ...done, ...changeFailures },
    },
  },
  renewCodes: {
    method: "POST",
    url: `${base}/recovery-codes`,
    config: { confirmed: "security" },
    schema: {
      operationId: "renewOwnRecoveryCodes",
      summary: "A new sheet of recovery codes, told this once; the old one is void",
      ...shared,
      body: none,
      response: {
        200: answers("The sheet.", z.strictObject({ codes: z.array(z.string()) }).meta({ id: "RecoveryCodes" })),
        ...changeFailures,
      },
    },
  },
} as const;
