/** Applications that sign people in with OpenID Connect: who they are, where browsers are sent back to, whom they are for. */

import { createHash } from "node:crypto";
import { AppError } from "#core/errors.ts";
import { refuseRedirect, relyingPartyOptions, type RelyingPartyOptions } from "#core/relying-party.ts";
import { strengths, type Strength } from "#core/strength.ts";
import {
  deleteRelyingParty,
  findRelyingParty,
  insertRelyingParty,
  listRelyingParties,
  readRelyingParty,
  updateRelyingParty,
  type RelyingPartyRow,
} from "#store/relying-parties.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";

export type RelyingParty = Omit<RelyingPartyRow, "options" | "strength" | "secretHash"> &
  RelyingPartyOptions & { strength: Strength; isPublic: boolean };
export type RelyingPartyFields = {
  redirectUris: string[];
  postLogoutUris: string[];
  backchannelLogoutUri: string;
  groups: string[];
  strength: Strength;
} & RelyingPartyOptions;
/** What is not said is as it was, or the default; an empty text takes an address away. */
export type RelyingPartyChanges = { [F in keyof RelyingPartyFields]?: RelyingPartyFields[F] | undefined };
export type NewRelyingParty = RelyingPartyChanges & { name: string; isPublic?: boolean | undefined };

/** 256 random bits need no slow hash. */
export const secretHashOf = (secret: string): string => createHash("sha256").update(secret).digest("base64url");

const relyingPartyOf = ({ options, strength, secretHash, ...row }: RelyingPartyRow): RelyingParty => ({
  ...row,
  ...relyingPartyOptions.parse(JSON.parse(options)),
  // a strength of a newer version is the highest that this one knows: it fails closed
  strength: strengths.find((known) => known === strength) ?? "phishing-resistant",
  isPublic: secretHash === null,
});

export async function listApplications(deps: Deps): Promise<RelyingParty[]> {
  return (await listRelyingParties(deps.db)).map(relyingPartyOf);
}

export async function loadApplication(deps: Deps, name: string): Promise<RelyingParty> {
  const row = await findRelyingParty(deps.db, { name });
  if (!row) throw nothing(name);
  return relyingPartyOf(row);
}
const nothing = (name: string) => new AppError("not_found", `no application is named ${name}`);

/** For the protocol: the application as it stands now, and what its secret hashes to. */
export async function findApplication(
  deps: Deps,
  id: string,
): Promise<(RelyingParty & { secretHash: string | null }) | undefined> {
  const row = await findRelyingParty(deps.db, { id });
  return row && { ...relyingPartyOf(row), secretHash: row.secretHash };
}

/** The secret is given back this once. */
export async function addApplication(
  deps: Deps,
  actor: Actor,
  { name, isPublic = false, ...fields }: NewRelyingParty,
): Promise<RelyingParty & { secret?: string }> {
  const secret = isPublic ? undefined : deps.random.bytes(32).toString("base64url");
  const row = withChanges(
    {
      // all bits by chance: an id says nothing, not even when
      id: `app_${deps.random.bytes(12).toString("base64url")}`,
      name,
      secretHash: secret === undefined ? null : secretHashOf(secret),
      redirectUris: [],
      postLogoutUris: [],
      backchannelLogoutUri: null,
      groups: [],
      strength: "mfa",
      options: "{}",
      createdAt: deps.clock.now(),
    },
    fields,
  );
  await changed(deps, actor, async (run) => {
    if (!(await insertRelyingParty(run, row)))
      throw new AppError("exists", `an application named ${name} exists already`);
    return { value: undefined, result: "APPLICATION_ADDED", detail: detailOf(row) };
  });
  return { ...relyingPartyOf(row), ...(secret !== undefined && { secret }) };
}

export async function setApplication(
  deps: Deps,
  actor: Actor,
  { name, newSecret = false, ...changes }: RelyingPartyChanges & { name: string; newSecret?: boolean | undefined },
): Promise<RelyingParty & { secret?: string }> {
  const secret = newSecret ? deps.random.bytes(32).toString("base64url") : undefined;
  return await changed(deps, actor, async (run) => {
    const before = await readRelyingParty(run, name);
    if (!before) throw nothing(name);
    if (secret !== undefined && before.secretHash === null)
      throw new AppError("invalid", "newSecret: a public application has no secret");
    const row = {
      ...withChanges(before, changes),
      ...(secret !== undefined && { secretHash: secretHashOf(secret) }),
    };
    if (!(await updateRelyingParty(run, row))) throw nothing(name);
    return {
      value: { ...relyingPartyOf(row), ...(secret !== undefined && { secret }) },
      result: "APPLICATION_CHANGED",
      detail: { ...detailOf(row), before: detailOf(before), newSecret },
    };
  });
}

/** Its tokens are worth nothing from now on: whoever shows one is asked who the application is. */
export async function removeApplication(deps: Deps, actor: Actor, name: string): Promise<void> {
  await changed(deps, actor, async (run) => {
    const id = await deleteRelyingParty(run, name);
    if (id === undefined) throw nothing(name);
    return { value: undefined, result: "APPLICATION_REMOVED", detail: { application: id, name } };
  });
}

const detailOf = ({ id, name, redirectUris, postLogoutUris, backchannelLogoutUri, ...row }: RelyingPartyRow) => ({
  application: id,
  name,
  redirectUris,
  postLogoutUris,
  backchannelLogoutUri,
  groups: row.groups,
  strength: row.strength,
  options: JSON.parse(row.options) as object,
  isPublic: row.secretHash === null,
});

function withChanges(row: RelyingPartyRow, changes: RelyingPartyChanges): RelyingPartyRow {
  const { redirectUris, postLogoutUris, backchannelLogoutUri, groups, strength, ...options } = changes;
  const isPublic = row.secretHash === null;
  const after: RelyingPartyRow = {
    ...row,
    redirectUris: exact("redirect-uri", redirectUris ?? row.redirectUris, isPublic),
    postLogoutUris: exact("post-logout-uri", postLogoutUris ?? row.postLogoutUris, isPublic),
    backchannelLogoutUri: secure("backchannel-logout-uri", backchannelLogoutUri ?? row.backchannelLogoutUri),
    groups: [...new Set(groups ?? row.groups)],
    strength: strength ?? row.strength,
    options: JSON.stringify(optionsOf(row.options, options)),
  };
  if (after.redirectUris.length === 0) throw new AppError("invalid", "redirect-uri: at least one is needed");
  return after;
}

function optionsOf(before: string, { logoUri, ...given }: Partial<Record<keyof RelyingPartyOptions, unknown>>) {
  const { logoUri: oldLogo, ...old } = JSON.parse(before) as RelyingPartyOptions;
  const logo = secure("logo-uri", (logoUri as string | undefined) ?? oldLogo ?? null);
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return relyingPartyOptions.parse({ ...old, ...Object.fromEntries(said), ...(logo !== null && { logoUri: logo }) });
}

function exact(field: string, uris: string[], isPublic: boolean): string[] {
  for (const [index, uri] of uris.entries()) {
    const reason = refuseRedirect(uri, { isPublic });
    if (reason !== undefined) throw new AppError("invalid", `${field}: number ${index + 1} ${reason}`);
  }
  return [...new Set(uris)];
}

function secure(field: string, uri: string | null): string | null {
  if (uri === null || uri === "") return null;
  const url = URL.parse(uri);
  if (url?.protocol !== "https:" || url.username !== "" || url.hash !== "")
    throw new AppError("invalid", `${field}: must be an https:// address without a name, password or fragment`);
  return uri;
}
