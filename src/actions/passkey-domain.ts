/**
 * A passkey is good for one domain, public-url's when it was registered. Must stay true: nobody's passkeys stop working
 * because an address was changed, unless it was said that they may.
 */

import { AppError } from "#core/errors.ts";
import { countPasskeysElsewhere, movePasskeys } from "#store/passkeys.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";

/** Refuses the start of a server under which passkeys would not work. */
export async function checkPasskeyDomain(deps: Deps): Promise<void> {
  const { hostname } = new URL(deps.db.node.publicUrl);
  const elsewhere = await countPasskeysElsewhere(deps.db, hostname);
  if (!elsewhere) return;
  throw new AppError(
    "start_refused",
    `Passkeys for ${elsewhere.rp_id} (${elsewhere.count}) would not work with public-url ${deps.db.node.publicUrl}. ` +
      `Put public-url back, or give them up: countersign passkey-domain move ${hostname}`,
  );
}

/** Passkeys of another domain wait until it comes back; their owners sign in by another method and register new ones. */
export async function movePasskeyDomain(
  deps: Deps,
  actor: Actor,
  { domain }: { domain: string },
): Promise<{ domain: string; working: number; waiting: number }> {
  if (!URL.canParse(`https://${domain}`) || new URL(`https://${domain}`).hostname !== domain)
    throw new AppError("invalid", "domain: a host name as in public-url is needed, such as login.example.org");
  return await changed(deps, actor, async (run) => {
    const value = { domain, ...(await movePasskeys(run, domain)) };
    return { value, result: "PASSKEY_DOMAIN_MOVED", detail: value };
  });
}
