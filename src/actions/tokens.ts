/** The inventory of hardware tokens: what there is, whose it is and what state it is in. Must stay true: no secret is in it. */

import { AppError } from "#core/errors.ts";
import { serialKey, type TokenState } from "#core/token.ts";
import { listTokens, type TokenDetails } from "#store/tokens.ts";
import type { Deps } from "./deps.ts";
import { loadPerson } from "./people.ts";

export type TokenSearch = {
  serial?: string | undefined;
  username?: string | undefined;
  state?: TokenState | undefined;
  importId?: string | undefined;
  /** what the page before gave as `next` */
  after?: string | undefined;
  limit: number;
};
export type ListedToken = Omit<TokenDetails, "parameters"> & { digits: number; algorithm: string; period?: number };

/** A page of them by serial number; `next` is there when there are more. */
export async function searchTokens(deps: Deps, search: TokenSearch): Promise<{ tokens: ListedToken[]; next?: string }> {
  const { serial, username, state, importId, after, limit } = search;
  const found = await listTokens(deps.db, {
    state,
    importId,
    serialKey: serial === undefined ? undefined : serialKey(serial),
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
