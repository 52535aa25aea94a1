import type { FastifyInstance } from "fastify";
import { blockNumber, blockPerson, listBlocks, unblockNumber, unblockPerson } from "#actions/blocks.ts";
import { blocksContract as contract } from "./blocks-contract.ts";
import { carryOut, type Acts, type Api } from "./keyed.ts";

/** Blocking persons and numbers, for the program that the help desk works in. */

const acts: Acts<typeof contract> = {
  blockUser: async (deps, actor, input) => await blockPerson(deps, actor, input),
  unblockUser: async (deps, actor, input) => await unblockPerson(deps, actor, input),
  blockNumber: async (deps, actor, input) => await blockNumber(deps, actor, input),
  unblockNumber: async (deps, actor, input) => await unblockNumber(deps, actor, input),
  listBlocks: async (deps, _actor, input) => await listBlocks(deps, input),
};

export const blockRoutes = (app: FastifyInstance, api: Api): void => carryOut(app, api, { contract, acts });
