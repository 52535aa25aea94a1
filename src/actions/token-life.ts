/**
 * A token's life after its import: given to a person, activated by its codes, taken back, lost, revoked. Must stay true: every
 * step is one conditional statement, so that two of them never both happen; what was used stays used, whoever has it next.
 */

import { AppError } from "#core/errors.ts";
import { placeOf } from "#core/token-clock.ts";
import { serialKey, type TokenState } from "#core/token.ts";
import type { Run } from "#store/open.ts";
import { insertFactors } from "#store/factors.ts";
import { findPersonById } from "#store/people.ts";
import { clearHelpDesk } from "#store/registrations.ts";
import { deleteDevices } from "#store/sessions.ts";
import { clearBudget, takeFrom } from "#store/throttle.ts";
import {
  activateToken as saveActivated,
  assignToken as saveAssigned,
  findFactorOf,
  listTokens,
  moveToken,
  readSealed,
  type TokenDetails,
} from "#store/tokens.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { dropFactor } from "./factors.ts";
import { loadPerson } from "./people.ts";
import { reachOf } from "./rules.ts";

type Asked = { serial: string; reason?: string | undefined };
export type TokenNow = { id: string; serial: string; state: TokenState; username?: string };

export const tokensAtMost = 5;
const tries = { limit: 10, windowMs: 600_000 };

/** By its id, or by its serial number as long as that means one. */
export async function loadToken(deps: Deps, serial: string): Promise<TokenDetails> {
  const [byId] = serial.startsWith("tok_") ? await listTokens(deps.db, { id: serial, limit: 1 }) : [];
  const found = byId ? [byId] : await listTokens(deps.db, { serialKey: serialKey(serial), limit: 10 });
  const [token] = found;
  if (!token) throw new AppError("not_found", `there is no token ${serial}`);
  if (found.length > 1) {
    const those = found.map(({ id, manufacturer }) => `${id} (${manufacturer})`).join(", ");
    throw new AppError("conflict", `serial: more than one maker has this number; name the token by its id: ${those}`);
  }
  return token;
}

export const notInARow = ({ length }: string[]) =>
  `these are not ${length === 3 ? "three" : "two"} codes of it in a row`;
/** Why its codes do not count at this time. */
export function whyNotNow({ startsAt, expiresAt }: TokenDetails, now: number): string | undefined {
  if (expiresAt !== null && expiresAt <= now) return "the token has expired";
  if (startsAt !== null && startsAt > now) return `the token counts from ${new Date(startsAt).toISOString()} on`;
  return undefined;
}
const refuse = (why: string) => new AppError("conflict", why);

async function loadOwner(deps: Deps, id: string) {
  const person = await findPersonById(deps.db, id);
  if (!person) throw refuse("the token's person is gone; try again");
  return person;
}

export async function assignToken(
  deps: Deps,
  actor: Actor,
  { serial, username, reason }: Asked & { username: string },
): Promise<TokenNow> {
  const token = await loadToken(deps, serial);
  const person = await loadPerson(deps, username);
  if (token.state !== "available") throw refuse(`the token is ${token.state}, not available`);
  if (token.expiresAt !== null && token.expiresAt <= deps.clock.now()) throw refuse("the token has expired");
  return await changed(deps, actor, async (run) => {
    if (!(await saveAssigned(run, { id: token.id, userId: person.id, atMost: tokensAtMost })))
      throw refuse(`the token was taken meanwhile, or ${person.username} has ${tokensAtMost} tokens already`);
    return {
      value: { id: token.id, serial: token.serial, state: "assigned" as const, username: person.username },
      result: "TOKEN_ASSIGNED",
      userId: person.id,
      detail: { token: token.id },
      personal: about(person, reason),
    };
  });
}

/** One code of the token in hand; two in a row for one that counts, or whose clock has gone astray. */
export async function activateToken(
  deps: Deps,
  actor: Actor,
  { serial, codes, reason }: Asked & { codes: string[] },
): Promise<TokenNow> {
  const token = await loadToken(deps, serial);
  if (token.state !== "assigned" || token.userId === null) throw refuse(`the token is ${token.state}, not assigned`);
  if (token.type === "hotp" && codes.length < 2)
    throw new AppError("invalid", "codes: a token that counts needs two, one after the other");
  const not = whyNotNow(token, deps.clock.now());
  if (not !== undefined) throw refuse(not);
  const person = await loadOwner(deps, token.userId);
  await takeTry(deps, token);
  const activation = await readActivation(deps, token, codes);
  if (!activation)
    throw refuse(
      codes.length > 1
        ? notInARow(codes)
        : "this is not the token's code now; give two codes, one after the other, if its clock may have gone astray",
    );
  return await changed(deps, actor, async (run) => {
    await saveActivation(deps, run, { token, userId: person.id, activation });
    await clearBudget(run, budgetOf(token));
    await clearHelpDesk(run, person.id);
    await deleteDevices(run, { userId: person.id });
    return {
      value: { id: token.id, serial: token.serial, state: "activated" as const, username: person.username },
      result: "TOKEN_ACTIVATED",
      userId: person.id,
      detail: { token: token.id, factor: activation.factorId, method: token.type },
      personal: about(person, reason),
      notice: { kind: "method_added", method: token.type },
    };
  });
}

const budgetOf = ({ id }: TokenDetails) => `token codes ${id}`;

async function takeTry(deps: Deps, token: TokenDetails): Promise<void> {
  const budget = { id: budgetOf(token), ...tries };
  if (!(await deps.db.transaction((run) => takeFrom(run, budget, deps.clock.now()))))
    throw new AppError("busy", "too many wrong codes of this token; try again in ten minutes");
}

export type Activation = { factorId: string; sealed: Buffer; counter: number; drift: number };

/** Where the codes put it, and its secret as its factor keeps it; undefined: they are not its codes. */
export async function readActivation(
  deps: Deps,
  token: TokenDetails,
  codes: string[],
): Promise<Activation | undefined> {
  const { id, type, parameters, counter, drift } = token;
  const sealed = await readSealed(deps.db, id);
  const secret = deps.keys.unseal("factor", sealed, { table: "token", column: "sealed_secret", row: id });
  try {
    const seen = { secret, parameters, counter, drift, address: null };
    const place = placeOf(type, seen, { codes, now: deps.clock.now(), reach: reachOf(deps.settings.values()) });
    if (!place) return undefined;
    const factorId = deps.random.id("fac_");
    const row = { table: "factor", column: "sealed_secret", row: factorId };
    return { factorId, sealed: deps.keys.seal("factor", secret, row), ...place };
  } finally {
    secret.fill(0);
  }
}

type Activating = { token: TokenDetails; userId: string; activation: Activation };

/** Its codes count from this commit on, for whom it is assigned to. */
export async function saveActivation(deps: Deps, run: Run, { token, userId, activation }: Activating): Promise<void> {
  const { factorId, sealed, counter, drift } = activation;
  const factor = {
    id: factorId,
    user_id: userId,
    method: token.type,
    name: token.serial,
    sealed_secret: sealed,
    parameters: token.parameters,
    address: null,
    import_id: null,
    expires_at: token.expiresAt,
    created_at: deps.clock.now(),
  };
  await insertFactors(run, [factor]);
  if (!(await saveActivated(run, { id: token.id, userId, factorId, counter, drift })))
    throw refuse("the token was changed meanwhile; try again");
}

type Move = { to: Extract<TokenState, "available" | "lost" | "revoked">; from: TokenState[]; result: string };
const moves = {
  unassign: { to: "available", from: ["assigned", "activated"], result: "TOKEN_UNASSIGNED" },
  lost: { to: "lost", from: ["available", "assigned", "activated"], result: "TOKEN_LOST" },
  revoke: { to: "revoked", from: ["available", "assigned", "activated", "lost"], result: "TOKEN_REVOKED" },
} satisfies Record<string, Move>;

/** Taken back, lost or revoked: its codes count no more from this commit on. */
export async function endToken(
  deps: Deps,
  actor: Actor,
  { serial, how, reason }: Asked & { how: keyof typeof moves },
): Promise<TokenNow> {
  const token = await loadToken(deps, serial);
  const { to, from, result }: Move = moves[how];
  const person = token.userId === null ? undefined : await loadOwner(deps, token.userId);
  return await changed(deps, actor, async (run) => {
    if (!(await moveToken(run, { id: token.id, from, to, userId: token.userId })))
      throw refuse(
        from.includes(token.state) ? "the token was changed meanwhile; try again" : `the token is ${token.state}`,
      );
    // after it is held: until then it could become a factor
    const factor = await findFactorOf(run, token.id);
    const ended = factor && person ? await dropFactor(deps, run, { person, factor }) : {};
    return {
      value: { id: token.id, serial: token.serial, state: to },
      result,
      ...(person
        ? { userId: person.id, personal: about(person, reason) }
        : reason !== undefined && { personal: { reason } }),
      detail: { token: token.id, ...ended },
      ...(factor && person && { notice: { kind: "method_removed" as const, method: factor.method } }),
    };
  });
}
