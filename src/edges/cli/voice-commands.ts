/** The commands about calls: what is said on them. */

import { z } from "zod";
import { listMessages, loadMessage, removeMessage, setMessage, uploadMessage } from "#actions/voice-messages.ts";
import { command, name, text } from "./command.ts";

const which = z.strictObject({ type: name, language: name, application: name.optional() });

export const voiceCommands = {
  "voice-message list": command({
    input: z.strictObject({ language: name.optional() }),
    run: async (deps, input) => ({ messages: await listMessages(deps, input) }),
  }),
  "voice-message play": command({
    input: which,
    run: async (deps, input) => await loadMessage(deps, input),
  }),
  "voice-message set": command({
    input: which.extend({ text }),
    run: async (deps, input) => await setMessage(deps, "cli", input),
  }),
  "voice-message upload": command({
    input: which.extend({ fileName: name }),
    run: async (deps, input, { file }) => await uploadMessage(deps, "cli", { ...input, file }),
  }),
  "voice-message remove": command({
    input: which,
    run: async (deps, input) => await removeMessage(deps, "cli", input),
  }),
};
