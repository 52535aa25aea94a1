import { AppError } from "#core/errors.ts";
import { readExtension } from "#core/extension.ts";
import { destinationReader, numberRefusal, refusalSentences } from "#core/number-class.ts";
import { phoneReader } from "#core/phone.ts";
import { insertFactors } from "#store/factors.ts";
import { clearHelpDesk } from "#store/registrations.ts";
import { deleteDevices } from "#store/sessions.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { loadPerson } from "./people.ts";
import { masked } from "./registering.ts";

/** Methods that reach a person by phone, handed out by an administrator: they count at once (mission G15). */

export const phoneMethods = { text: "sms", call: "voice", reply: "sms-reply" } as const;

export type NewPhone = {
  username: string;
  by: keyof typeof phoneMethods;
  number: string;
  /** calls: what is dialled once a switchboard has answered */
  extension?: string | undefined;
  /** calls: the number that is called when nobody answers the first */
  backup?: string | undefined;
  name?: string | undefined;
  reason?: string | undefined;
};
export type AddedPhone = { id: string; username: string; method: string; sentTo: string };

export async function addPhone(deps: Deps, actor: Actor, input: NewPhone): Promise<AddedPhone> {
  const { by, extension, name, reason } = input;
  const person = await loadPerson(deps, input.username);
  const method = phoneMethods[by];
  if (method !== "voice" && (extension !== undefined || input.backup !== undefined))
    throw new AppError("invalid", "extension and backup-number are for calls alone");
  if (extension !== undefined && !readExtension(extension))
    throw new AppError(
      "invalid",
      "extension: digits, a comma for a pause, * and # may be dialled, after one @ or none",
    );
  const channel = method === "voice" ? "call" : "text";
  const address = await readNumber(deps, { field: "number", written: input.number, channel });
  const backup =
    input.backup === undefined
      ? undefined
      : await readNumber(deps, { field: "backup-number", written: input.backup, channel });
  const said = { ...(extension !== undefined && { extension }), ...(backup !== undefined && { backup }) };
  const parameters = Object.keys(said).length === 0 ? "" : JSON.stringify(said);
  const id = deps.random.id("fac_");
  const row = { id, user_id: person.id, method, name: name ?? null, address, sealed_secret: null, parameters };
  return await changed(deps, actor, async (run) => {
    await insertFactors(run, [{ ...row, import_id: null, created_at: deps.clock.now() }]);
    await clearHelpDesk(run, person.id);
    await deleteDevices(run, { userId: person.id });
    return {
      value: { id, username: person.username, method, sentTo: masked(address) },
      result: "METHOD_ADDED",
      userId: person.id,
      detail: { factor: id, method },
      personal: about(person, reason),
      notice: { kind: "method_added", method },
    };
  });
}

type Written = { field: string; written: string; channel: "text" | "call" };

async function readNumber(deps: Deps, { field, written, channel }: Written): Promise<string> {
  const settings = deps.settings.values();
  const read = (await phoneReader())(written, settings["phone.default-country"]);
  if (!read.ok) throw new AppError("invalid", `${field}: ${read.reason}`);
  const refusal = numberRefusal((await destinationReader())(read.number), { settings, channel });
  if (refusal) throw new AppError("invalid", `${field}: ${refusalSentences[refusal]}`);
  return read.number;
}
