import type { FastifyInstance } from "fastify";
import type { Deps } from "#actions/deps.ts";
import { findAudio, listMessages, removeMessage, setMessage, uploadMessage } from "#actions/voice-messages.ts";
import { carryOut, type Acts, type Api } from "./keyed.ts";
import { sendProblem } from "./problem.ts";
import { voiceContract as contract } from "./voice-contract.ts";

/** What is said on calls: set by integrations, and fetched by whoever carries the calls. */

const acts = {
  listVoiceMessages: async (deps) => ({ messages: await listMessages(deps, {}) }),
  setVoiceMessage: async (deps, actor, input) => await setMessage(deps, actor, input),
  uploadVoiceMessage: async (deps, actor, { audio, ...input }) =>
    await uploadMessage(deps, actor, { ...input, file: once(Buffer.from(audio, "base64")) }),
  removeVoiceMessage: async (deps, actor, input) => await removeMessage(deps, actor, input),
} as Acts<typeof contract>;

async function* once(bytes: Buffer) {
  yield bytes;
}

export const voiceRoutes = (app: FastifyInstance, api: Api): void => carryOut(app, api, { contract, acts });

/** Recordings, at addresses that cannot be guessed: carriers have nothing to authenticate with. */
export function recordingRoutes(app: FastifyInstance, deps: Deps): void {
  app.get<{ Params: { key: string } }>("/callbacks/audio/:key", async (request, reply) => {
    const found = await findAudio(deps, request.params.key);
    if (!found) return sendProblem(reply, 404);
    return reply
      .type(found.type)
      .header("content-disposition", "inline")
      .header("cache-control", "private, max-age=86400, immutable")
      .send(found.audio);
  });
}
