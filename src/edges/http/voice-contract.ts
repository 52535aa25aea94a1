/** The contract's part about what is said on calls. */

import { z } from "zod";
import { voiceMessages } from "#core/voice-messages.ts";
import { languages } from "#i18n/translate.ts";
import { none, operation } from "./contract-parts.ts";

const scope = "voice";
const url = "/api/v1/voice-messages";

const which = {
  type: z.enum(voiceMessages),
  language: z.enum(Object.keys(languages) as [string, ...string[]]),
};
const application = z.string().min(1).max(200).optional().meta({ description: "By its name; otherwise for all." });
const params = z.strictObject(which);

const message = z
  .strictObject({
    ...which,
    application,
    source: z.enum(["stock", "text", "recording"]),
    text: z.string().optional().meta({ description: "The words that are spoken." }),
    seconds: z.number().optional().meta({ description: "How long the recording lasts." }),
    fileName: z.string().optional(),
    url: z.string().optional().meta({ description: "Where the recording can be heard." }),
    advice: z.string().optional().meta({ description: "It is taken, but might be better." }),
  })
  .meta({ id: "VoiceMessage" });

export const voiceContract = {
  listVoiceMessages: operation({
    method: "GET",
    url,
    scope,
    operationId: "listVoiceMessages",
    summary: "What is said on verification calls, in every language",
    params: none,
    answer: z.strictObject({ messages: z.array(message) }).meta({ id: "VoiceMessages" }),
  }),
  setVoiceMessage: operation({
    method: "POST",
    url: `${url}/:type/:language/text`,
    scope,
    operationId: "setVoiceMessage",
    summary: "Have your own words said",
    params,
    body: z
      .strictObject({
        application,
        text: z
          .string()
          .min(1)
          .max(1000)
          .meta({ description: "`{application}` and `{fraud}` stand for what they name." }),
      })
      .meta({ id: "VoiceMessageText" }),
    answer: message,
  }),
  uploadVoiceMessage: operation({
    method: "POST",
    url: `${url}/:type/:language/recording`,
    scope,
    bodyLimit: 7 * 1024 * 1024,
    operationId: "uploadVoiceMessage",
    summary: "Have a recording played",
    params,
    body: z
      .strictObject({
        application,
        fileName: z.string().min(1).max(200),
        audio: z.base64().meta({ description: "WAV or MP3, 5 MiB at most and better not longer than 20 seconds." }),
      })
      .meta({ id: "VoiceMessageRecording" }),
    answer: message,
  }),
  removeVoiceMessage: operation({
    method: "POST",
    url: `${url}/:type/:language/remove`,
    scope,
    operationId: "removeVoiceMessage",
    summary: "Have the words said again that came before yours",
    params,
    body: z.strictObject({ application }).meta({ id: "VoiceMessageRemoval" }),
    answer: z.strictObject({ ...which, application }).meta({ id: "RemovedVoiceMessage" }),
  }),
};
