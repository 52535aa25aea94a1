/** Calls as a person's method, set up by an administrator: the number, an extension behind it, and a backup phone (fact sheet 2.4). */

import { AppError } from "#core/errors.ts";
import { readExtension, splitExtension } from "#core/extension.ts";
import { destinationReader, numberRefusal, refusalSentences } from "#core/number-class.ts";
import { phoneReader } from "#core/phone.ts";
import { insertFactors } from "#store/factors.ts";
import type { Parameters } from "./call-lines.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { loadPerson } from "./people.ts";
import { masked } from "./registering.ts";

type NewCallMethod = {
  username: string;
  reason?: string | undefined;
  /** as people write them; `x` separates an extension */
  number: string;
  backupNumber?: string | undefined;
};

/** It counts at once, because an administrator says whose number it is (mission G15). */
export async function addCall(
  deps: Deps,
  actor: Actor,
  input: NewCallMethod,
): Promise<{ id: string; username: string; sentTo: string }> {
  const person = await loadPerson(deps, input.username);
  const first = await readCalled(deps, "number", input.number);
  const other =
    input.backupNumber === undefined ? undefined : await readCalled(deps, "backupNumber", input.backupNumber);
  const parameters: Parameters = {
    ...(first.extension && { extension: first.extension }),
    ...(other && { backup: other.number }),
    ...(other?.extension && { backupExtension: other.extension }),
  };
  const id = deps.random.id("fac_");
  const row = {
    id,
    user_id: person.id,
    method: "voice",
    name: null,
    sealed_secret: null,
    parameters: JSON.stringify(parameters),
    address: first.number,
    import_id: null,
    created_at: deps.clock.now(),
  };
  return await changed(deps, actor, async (run) => {
    await insertFactors(run, [row]);
    return {
      value: { id, username: person.username, sentTo: masked(first.number) },
      result: "METHOD_ADDED",
      userId: person.id,
      detail: { factor: id, method: "voice" },
      personal: about(person, input.reason),
      notice: { kind: "method_added", method: "voice" },
    };
  });
}

async function readCalled(deps: Deps, field: string, written: string): Promise<{ number: string; extension: string }> {
  const settings = deps.settings.values();
  const { number, extension } = splitExtension(written);
  const read = (await phoneReader())(number, settings["phone.default-country"]);
  if (!read.ok) throw new AppError("invalid", `${field}: ${read.reason}`);
  const refusal = numberRefusal((await destinationReader())(read.number), { settings, channel: "voice" });
  if (refusal) throw new AppError("invalid", `${field}: ${refusalSentences[refusal]}`);
  if (extension !== "" && !readExtension(extension))
    throw new AppError(
      "invalid",
      `${field}: has an extension with other than digits, commas, * and #, after at most one @`,
    );
  return { number: read.number, extension };
}
