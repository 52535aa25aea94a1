/** The contract's part about hardware tokens: files of them, and what there is. */

import { z } from "zod";
import { tokenStates } from "#core/token.ts";
import { tokenHealthContract } from "./token-health-contract.ts";
import { operation, resynchronised, username } from "./contract-parts.ts";

const scope = "tokens";
const imports = "/api/v1/token-imports";
const time = z.int().meta({ description: "Epoch milliseconds." });

/** A file as Base64 in JSON; larger ones go by command, which streams them. */
const importBodyBytes = 4 * 1024 * 1024;

const newImport = z
  .strictObject({
    file: z.base64().max(importBodyBytes).meta({ description: "PSKC or CSV, in Base64; of about 3 MB at most." }),
    format: z.enum(["auto", "pskc", "csv"]).optional(),
    keyHex: z.string().max(200).optional().meta({ description: "The pre-shared key in hexadecimal." }),
    passphrase: z.string().max(1024).optional(),
    privateKey: z.string().max(20_000).optional().meta({ description: "PEM." }),
    signedBy: z
      .string()
      .max(20_000)
      .optional()
      .meta({ description: "The certificate (PEM) that the file has to be signed with." }),
    type: z.enum(["totp", "hotp"]).optional().meta({ description: "Where the file does not say, as the next four." }),
    algorithm: z.enum(["sha1", "sha256", "sha512"]).optional(),
    digits: z.literal([6, 7, 8]).optional(),
    period: z.literal([30, 60]).optional(),
    encoding: z.enum(["base32", "hex"]).optional(),
    allowLegacyMac: z.boolean().optional(),
    goodRowsOnly: z.boolean().optional().meta({ description: "Take what is good and leave the rest." }),
    dryRun: z.boolean().optional().meta({ description: "Judge every row and keep nothing." }),
  })
  .meta({ id: "NewTokenImport" });

const imported = z
  .strictObject({
    importId: z.string().optional().meta({ description: "Absent when nothing was imported." }),
    format: z.enum(["pskc", "csv"]).optional(),
    rows: z.array(
      z.strictObject({
        serial: z.string(),
        line: z.int(),
        verdict: z.enum(["accepted", "refused"]),
        reason: z.string().optional(),
        warnings: z.array(z.string()).optional(),
      }),
    ),
    accepted: z.int(),
    refused: z.int(),
    notes: z.array(z.string()).optional(),
    error: z
      .strictObject({ code: z.literal("invalid"), message: z.string() })
      .optional()
      .meta({ description: "Why nothing was imported." }),
  })
  .meta({ id: "TokenImport" });

const word = z.string().min(1).max(256).optional();
const number = z
  .string()
  .regex(/^\d{1,15}$/)
  .optional();

const token = z
  .strictObject({
    id: z.string(),
    serial: z.string(),
    manufacturer: z.string(),
    model: z.string().nullable(),
    type: z.string(),
    digits: z.int(),
    algorithm: z.string(),
    period: z.int().optional(),
    counter: z.int(),
    drift: z.int().meta({ description: "Intervals that its clock is ahead (or behind, below 0)." }),
    factorId: z.string().nullable().meta({ description: "The method that it is of its person." }),
    lastUsedAt: time.nullable(),
    state: z.enum(tokenStates),
    userId: z.string().nullable(),
    username: z.string().nullable(),
    startsAt: time.nullable(),
    expiresAt: time.nullable(),
    importId: z.string(),
    createdAt: time,
  })
  .meta({ id: "Token" });

const reason = z.string().min(1).max(1000).optional().meta({ description: "For the log, beside the entry." });
const asked = z.strictObject({ reason }).meta({ id: "TokenRequest" });
const codes = (least: number) => z.array(z.string().max(20)).min(least).max(3);
const serial = z.strictObject({
  serial: z.string().min(1).max(256).meta({ description: "The serial number, or the token's id." }),
});
const now = z
  .strictObject({
    id: z.string(),
    serial: z.string(),
    state: z.enum(tokenStates),
    username: z.string().optional(),
  })
  .meta({ id: "TokenNow" });

type Step<Body, Answer> = { url: string; operationId: string; summary: string; body: Body; answer: Answer };
const step = <Body extends z.ZodObject, Answer extends z.ZodType>({ url, ...one }: Step<Body, Answer>) =>
  operation({ ...one, method: "POST", url: `/api/v1/tokens/:serial/${url}`, scope, params: serial });

const life = {
  assignToken: step({
    url: "assign",
    operationId: "assignToken",
    summary: "Give a token to a person; its codes count once it is activated",
    body: asked.extend({ username }).meta({ id: "TokenAssignment" }),
    answer: now,
  }),
  activateToken: step({
    url: "activate",
    operationId: "activateToken",
    summary: "Activate an assigned token by a code that it shows, or by two in a row",
    body: asked.extend({ codes: codes(1) }).meta({ id: "TokenActivation" }),
    answer: now,
  }),
  resynchroniseToken: step({
    url: "resync",
    operationId: "resynchroniseToken",
    summary: "Find a token again that has fallen out of step, by codes that it shows in a row",
    body: asked.extend({ codes: codes(2) }).meta({ id: "TokenResync" }),
    answer: resynchronised.extend({ serial: z.string() }).meta({ id: "ResynchronisedToken" }),
  }),
  unassignToken: step({
    url: "unassign",
    operationId: "unassignToken",
    summary: "Take a token back from its person",
    body: asked,
    answer: now,
  }),
  loseToken: step({
    url: "lost",
    operationId: "loseToken",
    summary: "Report a token lost: its codes count no more",
    body: asked,
    answer: now,
  }),
  revokeToken: step({
    url: "revoke",
    operationId: "revokeToken",
    summary: "End a token for good",
    body: asked,
    answer: now,
  }),
};

export const tokenContract = {
  ...life,
  importTokens: operation({
    method: "POST",
    url: imports,
    scope,
    operationId: "importTokens",
    summary: "Import hardware tokens from a file, all of them or none",
    params: z.strictObject({}),
    body: newImport,
    bodyLimit: importBodyBytes,
    answer: imported,
  }),
  assignTokens: operation({
    method: "POST",
    url: "/api/v1/token-assignments",
    scope,
    operationId: "assignTokens",
    summary: "Give tokens to people by a table, all of its rows or none",
    params: z.strictObject({}),
    body: z
      .strictObject({
        file: z.base64().max(importBodyBytes).meta({ description: "CSV of serial, username, in Base64." }),
        goodRowsOnly: z.boolean().optional().meta({ description: "Take what is good and leave the rest." }),
        dryRun: z.boolean().optional().meta({ description: "Judge every row and give nothing out." }),
      })
      .meta({ id: "TokenAssignments" }),
    bodyLimit: importBodyBytes,
    answer: imported
      .pick({ accepted: true, refused: true, notes: true, error: true })
      .extend({ rows: z.array(imported.shape.rows.element.extend({ username: z.string() })) })
      .meta({ id: "AssignedTokens" }),
  }),
  undoTokenImport: operation({
    method: "DELETE",
    url: `${imports}/:importId`,
    scope,
    operationId: "undoTokenImport",
    summary: "Take back a whole import while none of its tokens was given to anybody",
    params: z.strictObject({ importId: z.string().max(64) }),
    answer: z.strictObject({ importId: z.string() }).meta({ id: "UndoneTokenImport" }),
  }),
  listTokens: operation({
    method: "GET",
    url: "/api/v1/tokens",
    scope,
    operationId: "listTokens",
    summary: "The inventory by serial number, a page at a time",
    params: z.strictObject({}),
    query: z.strictObject({
      part: word.meta({ description: "That the serial number holds." }),
      vendor: word,
      username: username.optional(),
      state: z.enum(tokenStates).optional(),
      importId: word,
      expiresBefore: number.meta({ description: "Epoch milliseconds." }),
      after: z.string().max(600).optional().meta({ description: "What the page before gave as `next`." }),
      limit: number.meta({ description: "100 where it is not said, 1,000 at most." }),
    }),
    answer: z.strictObject({ tokens: z.array(token), next: z.string().optional() }).meta({ id: "TokenPage" }),
  }),
  ...tokenHealthContract,
  findTokens: operation({
    method: "GET",
    url: "/api/v1/tokens/:serial",
    scope,
    operationId: "findTokens",
    summary: "The tokens of a serial number: one a maker",
    params: z.strictObject({ serial: z.string().min(1).max(256) }),
    answer: z.strictObject({ tokens: z.array(token) }).meta({ id: "Tokens" }),
  }),
};
