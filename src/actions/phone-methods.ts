/** Phones in an administrator's hands: a number to be texted or called, with an extension and a backup phone (fact sheet 2.4). */

import { AppError } from "#core/errors.ts";
import { readExtension, splitExtension } from "#core/extension.ts";
import { destinationReader, numberRefusal, refusalSentences } from "#core/number-class.ts";
import { masked, phoneReader } from "#core/phone.ts";
import { insertFactors } from "#store/factors.ts";
import { clearHelpDesk } from "#store/registrations.ts";
import { deleteDevices } from "#store/sessions.ts";
import type { Parameters } from "./call-lines.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { loadPerson } from "./people.ts";

export const phoneMethods = { text: "sms", call: "voice", reply: "sms-reply" } as const;

export type NewPhone = {
  username: string;
  by: keyof typeof phoneMethods;
  /** as people write them; for calls an `x` separates an extension */
  number: string;
  /** calls: what is called when nobody answers the first */
  backupNumber?: string | undefined;
  name?: string | undefined;
  reason?: string | undefined;
};
export type AddedPhone = { id: string; username: string; method: string; sentTo: string };

/** It counts at once, because an administrator says whose number it is (mission G15). */
export async function addPhone(deps: Deps, actor: Actor, input: NewPhone): Promise<AddedPhone> {
  const { by, backupNumber, name, reason } = input;
  const person = await loadPerson(deps, input.username);
  const method = phoneMethods[by];
  const first = await readNumber(deps, { field: "number", written: input.number, by });
  const backup =
    backupNumber === undefined
      ? undefined
      : await readNumber(deps, { field: "backupNumber", written: backupNumber, by });
  if (backup && by !== "call") throw new AppError("invalid", "backupNumber: is for calls alone");
  const parameters: Parameters = {
    ...(first.extension && { extension: first.extension }),
    ...(backup && { backup: backup.number }),
    ...(backup?.extension && { backupExtension: backup.extension }),
  };
  const id = deps.random.id("fac_");
  const row = {
    id,
    user_id: person.id,
    method,
    name: name ?? null,
    sealed_secret: null,
    parameters: by === "call" ? JSON.stringify(parameters) : "",
    address: first.number,
    import_id: null,
    created_at: deps.clock.now(),
  };
  return await changed(deps, actor, async (run) => {
    await insertFactors(run, [row]);
    await clearHelpDesk(run, person.id);
    await deleteDevices(run, { userId: person.id });
    return {
      value: { id, username: person.username, method, sentTo: masked(first.number) },
      result: "METHOD_ADDED",
      userId: person.id,
      detail: { factor: id, method },
      personal: about(person, reason),
      notice: { kind: "method_added", method },
    };
  });
}

type Written = { field: string; written: string; by: keyof typeof phoneMethods };

async function readNumber(deps: Deps, { field, written, by }: Written): Promise<{ number: string; extension: string }> {
  const settings = deps.settings.values();
  const refuse = (reason: string) => new AppError("invalid", `${field}: ${reason}`);
  const { number, extension } = by === "call" ? splitExtension(written) : { number: written, extension: "" };
  const read = (await phoneReader())(number, settings["phone.default-country"]);
  if (!read.ok) throw refuse(read.reason);
  const channel = by === "call" ? "voice" : "sms";
  const refusal = numberRefusal((await destinationReader())(read.number), { settings, channel });
  if (refusal) throw refuse(refusalSentences[refusal]);
  if (extension !== "" && !readExtension(extension))
    throw refuse("has an extension with other than digits, commas, * and #, after at most one @");
  return { number: read.number, extension };
}
