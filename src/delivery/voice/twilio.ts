/**
 * Calls through Twilio, and vendors that speak TwiML. Our address is asked at four moments, told apart by
 * `at`: answered, keys pressed, a machine recognised, ended. Must stay true: which call it is and which
 * turn stand in our own address, which is signed with everything else, so that keys which come late are known to be late.
 */

import { z } from "zod";
import type { CallEnd, Line } from "#core/call.ts";
import type { Callback, CallEvent, VoiceGateway } from "../gateway.ts";
import { formOf, isTwilioSigned, sidIn, twilioHeaders, twilioOptions, twilioUrl } from "../twilio.ts";

const options = twilioOptions.extend({
  voice: z
    .string()
    .max(60)
    .regex(/^[\w.-]*$/)
    .default("")
    .meta({ title: "Voice", help: "The vendor's name of a voice. Empty: its standard voice of each language." }),
});

/** Nobody stays on the line longer, whatever goes wrong. */
const longestCallSeconds = 300;

export const twilio: VoiceGateway<z.output<typeof options>> = {
  id: "twilio",
  title: "Twilio, or a vendor that speaks TwiML",
  options,
  speaks: true,
  async place({ options: o, ask }, { to, from, ringSeconds, reportUrl, signal }) {
    const body = new URLSearchParams({
      To: to,
      From: from,
      Url: `${reportUrl}&at=answered`,
      StatusCallback: `${reportUrl}&at=ended`,
      Timeout: String(ringSeconds),
      TimeLimit: String(longestCallSeconds),
      // recognised while it hears the greeting, since nobody waits through seconds of silence
      MachineDetection: "Enable",
      AsyncAmd: "true",
      AsyncAmdStatusCallback: `${reportUrl}&at=machine`,
    }).toString();
    const headers = twilioHeaders(o);
    return { ref: sidIn(await ask({ method: "POST", url: twilioUrl(o, "Calls"), headers, body, signal })) };
  },
  callback: { check: isTwilioSigned, read, render },
};

const ends: Record<string, CallEnd> = {
  busy: "busy",
  "no-answer": "no_answer",
  // the number does not exist, or cannot be reached
  failed: "unreachable",
  canceled: "failed",
  completed: "hung_up",
};

function read(request: Callback): CallEvent | undefined {
  const form = formOf(request);
  const query = new URL(request.url).searchParams;
  const ref = query.get("delivery");
  // a call that came in has no business here, whoever it seems to be from (R-050)
  if (ref === null || form.get("Direction")?.startsWith("inbound")) return undefined;
  const moment = query.get("at");
  const machine = /^(machine|fax)/.test(form.get("AnsweredBy") ?? "");
  if (moment === "answered") return { kind: "answered", id: `${ref} answered`, ref, machine };
  if (moment === "machine") return machine ? { kind: "answered", id: `${ref} machine`, ref, machine } : undefined;
  if (moment === "keys") return keysOf(form, { ref, turn: Number(query.get("turn")) });
  const how = ends[form.get("CallStatus") ?? ""];
  return moment === "ended" && how ? { kind: "ended", id: `${ref} ended`, ref, how } : undefined;
}

/** `FinishedOnKey` says that # was pressed; a vendor that does not send it sends keys alone, which then count as closed. */
function keysOf(form: URLSearchParams, { ref, turn }: { ref: string; turn: number }): CallEvent {
  const pressed = form.get("Digits") ?? "";
  const digits = pressed.replace(/#$/, "");
  const key = form.get("FinishedOnKey");
  const closed = digits !== pressed || (key === null ? digits !== "" : key === "#");
  return { kind: "digits", id: `${ref} ${turn}`, ref, turn, digits, closed };
}

const locales: Record<string, string> = { en: "en-GB", sv: "sv-SE" };

const escaped = (text: string): string =>
  text.replaceAll(
    /[<>&"']/g,
    (mark) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&apos;" })[mark]!,
  );

function render(
  line: Line,
  { options: { voice }, callbackUrl }: { options: z.output<typeof options>; callbackUrl: string },
) {
  const how = `language="${locales[line.language] ?? line.language}"${voice === "" ? "" : ` voice="${voice}"`}`;
  const words = spoken(line.say, how);
  // a comma is the usual two seconds, Twilio's w half a one
  const dial = line.dial === undefined ? "" : `<Play digits="${line.dial.replaceAll(",", "wwww")}"/>`;
  const body = line.listen ? dial + gather(line, { words, callbackUrl }) : `${dial}${words}<Hangup/>`;
  return {
    status: 200,
    type: "text/xml",
    body: `<?xml version="1.0" encoding="UTF-8"?><Response>${body}</Response>`,
  };
}

function gather(
  { listen, turn }: Pick<Line, "listen" | "turn">,
  { words, callbackUrl }: { words: string; callbackUrl: string },
) {
  const action = escaped(`${callbackUrl}&at=keys&turn=${turn}`);
  const { digits, seconds } = listen!;
  const limit = `numDigits="${digits}" timeout="${seconds}"`;
  return `<Gather input="dtmf" method="POST" action="${action}" finishOnKey="#" ${limit} actionOnEmptyResult="true">${words}</Gather>`;
}

/** What is said in one breath is one <Say>: a short pause is a comma to a voice, and <Pause> knows whole seconds only. */
function spoken(say: Line["say"], how: string): string {
  const parts: string[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") parts.push(`<Say ${how}>${escaped(text)}</Say>`);
    text = "";
  };
  for (const one of say) {
    if ("text" in one) text += (text === "" ? "" : " ") + one.text;
    else if ("pauseMs" in one && one.pauseMs < 1000) text += text === "" ? "" : ",";
    else {
      flush();
      parts.push(
        "pauseMs" in one
          ? `<Pause length="${Math.round(one.pauseMs / 1000)}"/>`
          : `<Play>${escaped(one.recording)}</Play>`,
      );
    }
  }
  flush();
  return parts.join("");
}
