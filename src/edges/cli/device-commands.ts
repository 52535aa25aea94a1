/** The commands about authenticator apps. */

import { z } from "zod";
import { inviteByName } from "#actions/activations.ts";
import { command, name } from "./command.ts";

const asked = z.strictObject({ username: name, reason: z.string().min(1).max(1000).optional() });

export const deviceCommands = {
  "method add-authenticator": command({
    input: asked,
    run: async (deps, input) => await inviteByName(deps, "cli", input),
  }),
};
