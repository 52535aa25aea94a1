/** The inventory of hardware tokens: what there is, whose it is and what state it is in. Must stay true: no secret is in it. */

import { setImmediate } from "node:timers/promises";
import { AppError } from "#core/errors.ts";
import { serialKey, type TokenState } from "#core/token.ts";
import { listTokens, type TokenDetails } from "#store/tokens.ts";
import { csvLine } from "#wire/csv/write.ts";
import type { Deps } from "./deps.ts";
import { loadPerson } from "./people.ts";

export type TokenFilter = {
  /** the whole serial number, or a part of it */
  serial?: string | undefined;
  part?: string | undefined;
  vendor?: string | undefined;
  username?: string | undefined;
  state?: TokenState | undefined;
  importId?: string | undefined;
  /** epoch ms */
  expiresBefore?: number | undefined;
};
/** `after`: what the page before gave as `next`. */
export type TokenSearch = TokenFilter & { after?: string | undefined; limit: number };
export type ListedToken = Omit<TokenDetails, "parameters"> & { digits: number; algorithm: string; period?: number };

/** A page of them by serial number; `next` is there when there are more. */
export async function searchTokens(deps: Deps, search: TokenSearch): Promise<{ tokens: ListedToken[]; next?: string }> {
  const { serial, part, vendor, username, after, limit, ...same } = search;
  const found = await listTokens(deps.db, {
    ...same,
    serialKey: serial === undefined ? undefined : serialKey(serial),
    part: part === undefined ? undefined : serialKey(part),
    makerKey: vendor === undefined ? undefined : serialKey(vendor),
    userId: username === undefined ? undefined : (await loadPerson(deps, username)).id,
    after: after === undefined ? undefined : placeOf(after),
    limit: limit + 1,
  });
  const last = found.length > limit ? found[limit - 1] : undefined;
  return {
    tokens: found.slice(0, limit).map(({ parameters, serialKey: _key, ...token }) => ({
      ...token,
      ...(JSON.parse(parameters) as { digits: number; algorithm: string; period?: number }),
    })),
    ...(last && { next: `${last.id} ${last.serialKey}` }),
  };
}

function placeOf(after: string): { id: string; serialKey: string } {
  const [, id, key] = /^(\S+) (.*)$/s.exec(after) ?? [];
  if (id === undefined || key === undefined) throw new AppError("invalid", "after: is not what a page gave as next");
  return { id, serialKey: key };
}

const day = (at: number | null) => (at === null ? "" : new Date(at).toISOString());
const exported: Record<string, (token: ListedToken) => string | number | null | undefined> = {
  "serial number": ({ serial }) => serial,
  manufacturer: ({ manufacturer }) => manufacturer,
  model: ({ model }) => model,
  type: ({ type }) => type,
  algorithm: ({ algorithm }) => algorithm,
  digits: ({ digits }) => digits,
  "time interval": ({ period }) => period,
  state: ({ state }) => state,
  username: ({ username }) => username,
  drift: ({ drift }) => drift,
  "last used": ({ lastUsedAt }) => day(lastUsedAt),
  "valid from": ({ startsAt }) => day(startsAt),
  "valid until": ({ expiresAt }) => day(expiresAt),
  import: ({ importId }) => importId,
  imported: ({ createdAt }) => day(createdAt),
};
const pageRows = 500;

/** The inventory as a table, a page at a time, each once the one before was taken. */
export async function exportTokens(
  deps: Deps,
  filter: TokenFilter,
  write: (text: string) => Promise<void>,
): Promise<{ tokens: number }> {
  const columns = Object.values(exported);
  let written = 0;
  for (let after: string | undefined, isLast = false; !isLast;) {
    const { tokens, next } = await searchTokens(deps, { ...filter, after, limit: pageRows });
    const lines = tokens.map((token) => csvLine(columns.map((column) => String(column(token) ?? ""))));
    // nothing of a file before it is known that there will be one
    await write([...(written === 0 ? [csvLine(Object.keys(exported))] : []), ...lines].join(""));
    written += tokens.length;
    [after, isLast] = [next, next === undefined];
    await setImmediate();
  }
  return { tokens: written };
}
