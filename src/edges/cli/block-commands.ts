/** The commands about blocks: of a person, or of a number. */

import { z } from "zod";
import { blockNumber, blockPerson, listBlocks, unblockNumber, unblockPerson } from "#actions/blocks.ts";
import { AppError } from "#core/errors.ts";
import { command, limit, name } from "./command.ts";

const who = z.strictObject({ username: name.optional(), number: name.optional() });
const asked = who.extend({ reason: z.string().min(1).max(1000) });

const nothing = () => new AppError("usage", "username: is missing, and so is number");

export const blockCommands = {
  "user block": command({
    input: asked.extend({ days: z.int().optional() }),
    run: async (deps, { username, number, ...input }) => {
      if (username !== undefined) return await blockPerson(deps, "cli", { username, ...input });
      if (number !== undefined) return await blockNumber(deps, "cli", { number, ...input });
      throw nothing();
    },
  }),
  "user unblock": command({
    input: asked,
    run: async (deps, { username, number, reason }) => {
      if (username !== undefined) return await unblockPerson(deps, "cli", { username, reason });
      if (number !== undefined) return await unblockNumber(deps, "cli", { number, reason });
      throw nothing();
    },
  }),
  "user blocks": command({
    input: who.extend({ ended: z.boolean().optional(), after: name.optional(), limit }),
    run: async (deps, input) => await listBlocks(deps, input),
  }),
};
