/**
 * What is said of a person, as texts under the names of the import's columns (design §7), made the rows that are stored.
 * One reading for the command line and the import. Must stay true: no reason given here repeats a secret.
 */

import { readSeed } from "#core/crypto/base32.ts";
import { AppError } from "#core/errors.ts";
import { nameKey } from "#core/names.ts";
import { phoneReader, type ReadPhone } from "#core/phone.ts";
import { languages } from "#i18n/translate.ts";
import type { NewFactorRow } from "#store/factors.ts";
import type { NewPersonRow } from "#store/people.ts";
import type { Deps } from "./deps.ts";
import { namesOf } from "./rules.ts";

/** What a command changes later; the others have commands of their own, or are who somebody is. */
export const changeableColumns = [
  "display_name",
  "first_name",
  "last_name",
  "email",
  "mobile_phone",
  "backup_phone",
  "phone_extension",
  "language",
  "groups",
] as const;
export const columns = ["username", ...changeableColumns, "state", "password", "oath_secret_base32"] as const;
export type Column = (typeof columns)[number];
export type ChangeableColumn = (typeof changeableColumns)[number];
export type PersonFields = Partial<Record<Column, string | undefined>>;

export const states = ["disabled", "enabled", "enforced"] as const;
export type State = (typeof states)[number];

type Said = Omit<NewPersonRow, "id" | "password_hash" | "import_id" | "created_at">;
/** `seed` is the caller's to wipe. */
export type Draft = { said: Said; password: string; seed: Buffer | undefined };

export type Reading = { deps: Deps; phone: ReadPhone; country: string };
export async function startReading(deps: Deps): Promise<Reading> {
  return { deps, phone: await phoneReader(), country: deps.settings.values()["phone.default-country"] };
}

/** Throws `invalid` with the column and the reason. */
export function readPerson({ deps, phone, country }: Reading, fields: PersonFields): Draft {
  const text = (column: Column, longest = 256) => line(column, fields[column] ?? "", longest);
  const number = (column: Column) => {
    const given = text(column);
    if (given === null) return null;
    const read = phone(given, country);
    return read.ok ? read.number : refuse(column, read.reason);
  };
  const username = text("username") ?? refuse("username", "is missing");
  const key = nameKey(username, namesOf(deps)) ?? refuse("username", "is not a name");
  return {
    said: {
      name_key: key,
      username,
      display_name: text("display_name"),
      first_name: text("first_name"),
      last_name: text("last_name"),
      email: readEmail(text("email", 254)),
      mobile_phone: number("mobile_phone"),
      backup_phone: number("backup_phone"),
      phone_extension: readExtension(text("phone_extension")),
      language: readLanguage(text("language")),
      groups: JSON.stringify(readGroups(text("groups", 20_000))),
      state: readState(text("state")),
    },
    password: readPassword(fields.password ?? ""),
    seed: seedOf(fields.oath_secret_base32 ?? ""),
  };
}

function refuse(column: Column, reason: string): never {
  throw new AppError("invalid", `${column}: ${reason}`);
}

function line(column: Column, given: string, longest: number): string | null {
  const text = given.normalize("NFC").trim();
  if (text.length > longest) refuse(column, `is longer than ${longest} characters`);
  if (/\p{Cc}/u.test(text)) refuse(column, "has a line break or another control character");
  if (!text.isWellFormed()) refuse(column, "has half a character");
  return text === "" ? null : text;
}

const readEmail = (text: string | null) =>
  text === null || /^[^\s@]+@[^\s@]+$/.test(text) ? text : refuse("email", "is not an e-mail address");

/** What a telephone exchange understands: digits, pauses, * and #, and @ for "ask the operator". */
const readExtension = (text: string | null) =>
  text === null || /^@?[0-9,*#]{1,32}$/.test(text)
    ? text
    : refuse("phone_extension", "may hold digits, commas, * and #, after at most one @");

function readLanguage(text: string | null): string | null {
  const primary = text?.toLowerCase().split("-")[0] ?? null;
  if (primary === null || Object.hasOwn(languages, primary)) return primary;
  return refuse("language", `is none of ${Object.keys(languages).join(", ")}`);
}

function readGroups(text: string | null): string[] {
  const groups = new Set((text ?? "").split(";").map((group) => group.trim()));
  groups.delete("");
  for (const group of groups) if (group.length > 256) refuse("groups", "has a name of over 256 characters");
  return [...groups];
}

function readState(text: string | null): State {
  const state = text?.toLowerCase() ?? "enabled";
  return states.find((known) => known === state) ?? refuse("state", `is none of ${states.join(", ")}`);
}

/** Any password the person has; only what is sure to be a mistake is refused. */
export function readPassword(text: string): string {
  if (text.length > 256) refuse("password", "is longer than 256 characters");
  if (/\p{Cc}/u.test(text)) refuse("password", "has a line break or another control character");
  return text;
}

function seedOf(text: string): Buffer | undefined {
  if (text === "") return undefined;
  const seed = readSeed(text);
  return seed.ok ? seed.bytes : refuse("oath_secret_base32", seed.reason);
}

type Making = { passwordHash: string | null; importId: string | null; text: boolean };

/** The rows of someone new. Factors that an administrator hands out count at once (mission G15). */
export function rowsOf(deps: Deps, { said, seed }: Draft, { passwordHash, importId, text }: Making) {
  const id = deps.random.id("usr_");
  const at = deps.clock.now();
  const person: NewPersonRow = {
    id,
    ...said,
    password_hash: passwordHash,
    import_id: importId,
    created_at: at,
  };
  const factors: NewFactorRow[] = [];
  const common = { user_id: id, name: null, parameters: "", import_id: importId, created_at: at };
  if (seed) {
    const factor = deps.random.id("fac_");
    const place = { table: "factor", column: "sealed_secret", row: factor };
    const sealed = deps.keys.seal("factor", seed, place);
    factors.push({ ...common, id: factor, method: "totp", sealed_secret: sealed, address: null });
  }
  if (text && said.mobile_phone !== null)
    factors.push({
      ...common,
      id: deps.random.id("fac_"),
      method: "sms",
      sealed_secret: null,
      address: said.mobile_phone,
    });
  return { person, factors };
}
