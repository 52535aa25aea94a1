import { base32, readSeed } from "#core/crypto/base32.ts";
import { AppError } from "#core/errors.ts";
import { defaultTotp, type TotpParameters } from "#core/methods/totp-parameters.ts";
import { isLasting } from "#core/registration.ts";
import {
  clearFailures,
  deleteFactor,
  insertFactors,
  listFactors,
  methodsOf,
  type FactorDetails,
} from "#store/factors.ts";
import type { Run } from "#store/open.ts";
import { clearHelpDesk, saveMustRegister } from "#store/registrations.ts";
import { deleteDevices } from "#store/sessions.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { loadPerson } from "./people.ts";
import { signOutAndForget } from "./sessions.ts";

/** A person's methods in an administrator's hands: handed out, looked at, unlocked, taken away. */

export type AppOptions = Partial<Pick<TotpParameters, "digits" | "period" | "algorithm">>;
export type NewApp = {
  username: string;
  name?: string | undefined;
  secret?: string | undefined;
  reason?: string | undefined;
} & AppOptions;
/** Shown once: the seed is never readable again. */
export type AddedApp = { id: string; username: string; secretBase32?: string; uri?: string };

/** as long as the hash that it goes into. */
const seedBytes = { sha1: 20, sha256: 32, sha512: 64 };

/** An app or token code that counts at once, because an administrator hands it out (mission G15). */
export async function addApp(deps: Deps, actor: Actor, input: NewApp): Promise<AddedApp> {
  const person = await loadPerson(deps, input.username);
  const { digits, period, algorithm } = { ...defaultTotp, ...defined(input) };
  const parameters = JSON.stringify({ digits, period, algorithm });
  const seed = input.secret === undefined ? deps.random.bytes(seedBytes[algorithm]) : given(input.secret);
  const id = deps.random.id("fac_");
  const shown = input.secret === undefined && {
    secretBase32: base32(seed),
    uri: otpauthUri({ account: person.username, seed, digits, period, algorithm }),
  };
  const sealed = deps.keys.seal("factor", seed, { table: "factor", column: "sealed_secret", row: id });
  seed.fill(0);
  return await changed(deps, actor, async (run) => {
    const factor = { id, user_id: person.id, method: "totp", name: input.name ?? null, address: null };
    const row = {
      ...factor,
      sealed_secret: sealed,
      parameters,
      import_id: null,
      created_at: deps.clock.now(),
    };
    await insertFactors(run, [row]);
    await clearHelpDesk(run, person.id);
    await deleteDevices(run, { userId: person.id });
    return {
      value: { id, username: person.username, ...shown },
      result: "METHOD_ADDED",
      userId: person.id,
      detail: { factor: id, method: "totp" },
      personal: about(person, input.reason),
      notice: { kind: "method_added", method: "totp" },
    };
  });
}

const defined = ({ digits, period, algorithm }: AppOptions): AppOptions => ({
  ...(digits && { digits }),
  ...(period && { period }),
  ...(algorithm && { algorithm }),
});

function given(secret: string): Buffer {
  const read = readSeed(secret);
  if (!read.ok) throw new AppError("invalid", `secret: ${read.reason}`);
  return read.bytes;
}

const issuer = "Countersign";

type Key = Required<AppOptions> & { account: string; seed: Uint8Array };

/** What authenticator apps read from a QR code. R-024: a ":" in a name would move the border between issuer and account. */
export function otpauthUri({ account, seed, digits, period, algorithm }: Key): string {
  if (/[:\p{Cc}]/u.test(account))
    throw new AppError("invalid", 'username: has a ":", so no app can be set up under it');
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  const parameters = { secret: base32(seed), issuer, algorithm: algorithm.toUpperCase(), digits, period };
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `otpauth://totp/${label}?${query.join("&")}`;
}

/** A call's backup phone is a number like the first. */
function withoutNumbers(parameters: string): string {
  if (parameters === "") return parameters;
  const { backup, ...rest } = JSON.parse(parameters) as { backup?: string };
  return JSON.stringify({ ...rest, ...(backup !== undefined && { backup: `•• ${backup.slice(-2)}` }) });
}

export type ListedMethod = Omit<FactorDetails, "userId" | "address"> & { sentTo: string | null };

/** a number is shown by its last two digits. */
export async function listMethods(deps: Deps, username: string): Promise<ListedMethod[]> {
  const { id } = await loadPerson(deps, username);
  return (await listFactors(deps.db, [id])).map(({ userId: _userId, address, ...method }) => ({
    ...method,
    parameters: withoutNumbers(method.parameters),
    sentTo: address === null ? null : `•• ${address.slice(-2)}`,
  }));
}

type Wanted = { username: string; method: string; reason?: string | undefined };

/** By id, name or kind, as long as that means one of them. */
export async function loadFactor(deps: Deps, { username, method }: Wanted) {
  const person = await loadPerson(deps, username);
  const factors = await listFactors(deps.db, [person.id]);
  const found = factors.filter((factor) => [factor.id, factor.name, factor.method].includes(method));
  const [factor] = found;
  if (!factor) throw new AppError("not_found", `${person.username} has no method ${method}`);
  if (found.length > 1)
    throw new AppError(
      "conflict",
      `method: means more than one method: name it by id (${found.map(({ id }) => id).join(", ")})`,
    );
  return { person, factor };
}

export async function removeMethod(deps: Deps, actor: Actor, wanted: Wanted): Promise<{ id: string }> {
  const { person, factor } = await loadFactor(deps, wanted);
  return await changed(deps, actor, async (run) => {
    const detail = await dropFactor(deps, run, { person, factor });
    return {
      value: { id: factor.id },
      result: "METHOD_REMOVED",
      userId: person.id,
      detail,
      personal: about(person, wanted.reason),
      notice: { kind: "method_removed", method: factor.method },
    };
  });
}

/** Takes a method away, with what follows for the person; for the log's entry. */
export async function dropFactor(
  deps: Deps,
  run: Run,
  { person, factor }: { person: { id: string; username: string }; factor: { id: string; method: string } },
): Promise<object> {
  if (!(await deleteFactor(run, factor.id)))
    throw new AppError("not_found", `${person.username} has no method ${factor.id}`);
  // who has lost the last one is not someone who never had one
  if (!(await methodsOf(run, person.id)).some(isLasting))
    await saveMustRegister(run, { userId: person.id, reason: "help_desk", until: null });
  const ended = isLasting(factor.method) ? await signOutAndForget(deps, run, { userId: person.id }) : {};
  return { factor: factor.id, method: factor.method, ...ended };
}

/** Forgets the wrong answers that have locked a method, or (without one named) all of a person's. */
export async function unlockMethods(
  deps: Deps,
  actor: Actor,
  { username, method, reason }: Omit<Wanted, "method"> & { method?: string | undefined },
): Promise<{ unlocked: string[] }> {
  const person = await loadPerson(deps, username);
  const factors =
    method === undefined
      ? await listFactors(deps.db, [person.id])
      : [(await loadFactor(deps, { username, method })).factor];
  if (factors.length === 0) throw new AppError("not_found", `${person.username} has no method`);
  const unlocked = factors.map(({ id }) => id);
  return await changed(deps, actor, async (run) => {
    for (const id of unlocked) await clearFailures(run, id);
    return {
      value: { unlocked },
      result: "METHOD_UNLOCKED",
      userId: person.id,
      detail: { factors: unlocked },
      personal: about(person, reason),
      notice: { kind: "method_unlocked" },
    };
  });
}
