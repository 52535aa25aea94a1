import type { FastifyInstance } from "fastify";
import { assignTokens } from "#actions/token-assignments.ts";
import { importTokens, undoTokenImport } from "#actions/token-import.ts";
import { activateToken, assignToken, endToken } from "#actions/token-life.ts";
import { batchDrift, checkTokens, tokenDrift } from "#actions/token-health.ts";
import { resynchroniseToken } from "#actions/token-resync.ts";
import { searchTokens } from "#actions/tokens.ts";
import { carryOut, type Acts, type Api } from "./keyed.ts";
import { tokenContract as contract } from "./tokens-contract.ts";

/** Hardware tokens, for whatever buys and hands them out. */

const atMost = 100;

function sent(file: string) {
  async function* bytes() {
    yield Buffer.from(file, "base64");
  }
  return { file: bytes(), progress: () => undefined };
}

const acts: Acts<typeof contract> = {
  importTokens: async (deps, actor, { file, ...options }) =>
    await importTokens(deps, actor, { ...sent(file), options }),
  assignTokens: async (deps, actor, { file, ...options }) =>
    await assignTokens(deps, actor, { ...sent(file), options }),
  undoTokenImport: async (deps, actor, { importId }) => await undoTokenImport(deps, actor, importId),
  assignToken: async (deps, actor, input) => await assignToken(deps, actor, input),
  activateToken: async (deps, actor, input) => await activateToken(deps, actor, input),
  resynchroniseToken: async (deps, actor, input) => await resynchroniseToken(deps, actor, input),
  unassignToken: async (deps, actor, input) => await endToken(deps, actor, { ...input, how: "unassign" }),
  loseToken: async (deps, actor, input) => await endToken(deps, actor, { ...input, how: "lost" }),
  revokeToken: async (deps, actor, input) => await endToken(deps, actor, { ...input, how: "revoke" }),
  listTokens: async (deps, _actor, { expiresBefore, limit, ...search }) =>
    await searchTokens(deps, {
      ...search,
      expiresBefore: expiresBefore === undefined ? undefined : Number(expiresBefore),
      limit: Math.min(1000, Math.max(1, Number(limit ?? atMost))),
    }),
  checkTokens: async (deps, _actor, { edge, unseenDays, expiringDays, limit }) =>
    await checkTokens(deps, {
      edge: Number(edge ?? 7),
      unseenDays: Number(unseenDays ?? 90),
      expiringDays: Number(expiringDays ?? 60),
      limit: Math.min(1000, Math.max(1, Number(limit ?? atMost))),
    }),
  tokenDrift: async (deps, _actor, { serial }) => await tokenDrift(deps, serial),
  batchDrift: async (deps, _actor, { importId }) => await batchDrift(deps, importId),
  findTokens: async (deps, _actor, { serial }) => ({
    tokens: (await searchTokens(deps, { serial, limit: atMost })).tokens,
  }),
};

export const tokenRoutes = (app: FastifyInstance, api: Api): void => carryOut(app, api, { contract, acts });
