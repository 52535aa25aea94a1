/** The commands about hardware tokens. */

import { z } from "zod";
import { assignTokens } from "#actions/token-assignments.ts";
import { importTokens, undoTokenImport } from "#actions/token-import.ts";
import { activateToken, assignToken, endToken } from "#actions/token-life.ts";
import { batchDrift, checkTokens, tokenDrift } from "#actions/token-health.ts";
import { resynchroniseToken } from "#actions/token-resync.ts";
import { exportTokens, searchTokens } from "#actions/tokens.ts";
import { tokenStates } from "#core/token.ts";
import { command, limit, name, text } from "./command.ts";

/** why it is done, for the log */
const asked = z.strictObject({ serial: name, reason: z.string().min(1).max(1000).optional() });

const filter = z.strictObject({
  part: name.optional(),
  vendor: name.optional(),
  username: name.optional(),
  state: z.enum(tokenStates).optional(),
  importId: name.optional(),
  expiresBefore: z.int().optional(),
});

const assignments = z.strictObject({
  goodRowsOnly: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  errors: z.boolean().optional(),
});

const ending = (how: "unassign" | "lost" | "revoke") =>
  command({ input: asked, run: async (deps, input) => await endToken(deps, "cli", { ...input, how }) });

export const tokenCommands = {
  "token assign": command({
    input: z.union([asked.extend({ username: name }), z.strictObject({ table: assignments })]),
    run: async (deps, input, { file, progress }) =>
      "table" in input
        ? await assignTokens(deps, "cli", { file, progress, options: input.table })
        : await assignToken(deps, "cli", input),
  }),
  "token activate": command({
    input: asked.extend({ codes: z.array(z.string().max(20)).min(1).max(3) }),
    run: async (deps, input) => await activateToken(deps, "cli", input),
  }),
  "token resync": command({
    input: asked.extend({ codes: z.array(z.string().max(20)).min(2).max(3) }),
    run: async (deps, input) => await resynchroniseToken(deps, "cli", input),
  }),
  "token unassign": ending("unassign"),
  "token lost": ending("lost"),
  "token revoke": ending("revoke"),
  "token import": command({
    input: z.strictObject({
      format: z.enum(["auto", "pskc", "csv"]).optional(),
      keyHex: text.optional(),
      passphrase: text.optional(),
      privateKey: text.optional(),
      signedBy: text.optional(),
      type: z.enum(["totp", "hotp"]).optional(),
      algorithm: z.enum(["sha1", "sha256", "sha512"]).optional(),
      digits: z.literal([6, 7, 8]).optional(),
      period: z.literal([30, 60]).optional(),
      encoding: z.enum(["base32", "hex"]).optional(),
      allowLegacyMac: z.boolean().optional(),
      goodRowsOnly: z.boolean().optional(),
      dryRun: z.boolean().optional(),
      errors: z.boolean().optional(),
      prove: z.strictObject({ serial: name, first: name, second: name }).optional(),
    }),
    run: async (deps, options, { file, progress }) => await importTokens(deps, "cli", { file, progress, options }),
  }),
  "token list": command({
    input: filter.extend({ after: text.optional(), limit }),
    run: async (deps, input) => await searchTokens(deps, input),
  }),
  "token export": command({
    input: filter,
    run: async (deps, input, { write }) => await exportTokens(deps, input, write),
  }),
  "token health": command({
    input: z.strictObject({
      edge: z.int().min(1).max(20).default(7),
      unseenDays: z.int().min(1).max(3650).default(90),
      expiringDays: z.int().min(1).max(3650).default(60),
      limit,
    }),
    run: async (deps, input) => await checkTokens(deps, input),
  }),
  "token drift": command({
    input: z.union([z.strictObject({ serial: name }), z.strictObject({ importId: name })]),
    run: async (deps, input) =>
      "serial" in input ? await tokenDrift(deps, input.serial) : await batchDrift(deps, input.importId),
  }),
  "token import undo": command({
    input: z.strictObject({ importId: name }),
    run: async (deps, { importId }) => await undoTokenImport(deps, "cli", importId),
  }),
};
