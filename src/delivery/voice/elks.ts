/**
 * Calls through 46elks, which plays recordings and cannot speak: every message of a call must be recorded. An action names the
 * next one, and the last asks us. Must stay true: which call it is stands in our own address, and nothing that is posted says it.
 */

import { z } from "zod";
import type { CallEnd, Line } from "#core/call.ts";
import { readJson } from "../answer.ts";
import { elksCost, elksHeaders, elksOptions, elksUrl, isFromElks, type ElksOptions } from "../elks.ts";
import type { Account, Callback, CallEvent, VoiceGateway } from "../gateway.ts";

export const elks: VoiceGateway<ElksOptions> = {
  id: "46elks",
  title: "46elks (plays recordings only)",
  options: elksOptions,
  speaks: false,
  async place({ options, ask }, { to, from, ringSeconds, reportUrl, signal }) {
    const body = new URLSearchParams({
      to,
      from,
      voice_start: `${reportUrl}&at=answered`,
      whenhangup: `${reportUrl}&at=ended`,
      timeout: String(ringSeconds),
    }).toString();
    const answer = await ask({
      method: "POST",
      url: elksUrl(options, "calls"),
      headers: elksHeaders(options),
      body,
      signal,
    });
    const { id } = z.object({ id: z.string() }).parse(readJson(answer));
    return { ref: id };
  },
  callback: { check: isFromElks, read, render },
};

/** A ring that nobody answered is "failed", as is a number that does not exist. */
const ends: Record<string, CallEnd> = { busy: "busy", failed: "no_answer", success: "hung_up" };

function read(request: Callback): CallEvent | undefined {
  const form = new URLSearchParams(request.body.toString());
  const query = new URL(request.url).searchParams;
  const ref = query.get("delivery");
  // a call that came in has no business here, whoever it seems to be from
  if (ref === null || form.get("direction") === "incoming") return undefined;
  const moment = query.get("at");
  if (moment === "answered") return { kind: "answered", id: `${ref} answered`, ref };
  if (moment === "keys") return keysOf(form.get("result") ?? "failed", { ref, turn: Number(query.get("turn")) });
  return moment === "ended" ? endOf(form, ref) : undefined;
}

function endOf(form: URLSearchParams, ref: string): CallEvent | undefined {
  const how = ends[form.get("state") ?? ""];
  if (!how) return undefined;
  const costMicros = elksCost(form.get("cost"));
  return { kind: "ended", id: `${ref} ended`, ref, how, ...(costMicros !== undefined && { costMicros }) };
}

/** `failed`: the time was over. Keys come when # was pressed or as many as were asked for. */
function keysOf(result: string, { ref, turn }: { ref: string; turn: number }): CallEvent {
  const heard = result !== "failed";
  return {
    kind: "digits",
    id: `${ref} ${turn}`,
    ref,
    turn,
    digits: heard ? result.replace(/#$/, "") : "",
    closed: heard,
  };
}

type Action = Record<string, unknown>;

/** Each action names the one after it; the call ends after the one that names none. */
function render({ say, dial, listen, turn }: Line, { callbackUrl }: Account<ElksOptions>) {
  const actions: Action[] = say.flatMap((one) =>
    "recording" in one ? [{ play: one.recording, skippable: false }] : [],
  );
  if (dial !== undefined) actions.unshift({ play: tones(dial), skippable: false });
  if (listen) {
    const next = `${callbackUrl}&at=keys&turn=${turn}`;
    // listening needs a sound; silence is the shortest pause between tones
    const { play } = actions.pop() ?? { play: "sound/dtmf/p" };
    actions.push({ ivr: play, digits: listen.digits, timeout: listen.seconds, repeat: 1, next });
  }
  const [first = { hangup: "reject" }, ...others] = actions;
  const chain = [first, ...others].reduceRight((next, action) => ({ ...action, next }));
  return { status: 200, type: "application/json", body: JSON.stringify(chain) };
}

/** A comma is the usual two seconds, P half a one. */
const tones = (dial: string): string => `sound/dtmf/${dial.replaceAll(",", "PPPP")}`;
