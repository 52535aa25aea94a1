/**
 * The device's own lock in front of an approval: a passkey of the app's that has verified its person and signed this request's
 * nonce. Must stay true: what counts is that signature and never a device's word; a passkey that is there is not replaced, or whoever
 * finds an open app would put theirs in its place.
 */

import { readAssertion, readRegistration } from "#core/webauthn-form.ts";
import { checkAssertion, checkRegistration, relyingParty, type Passkey } from "#core/webauthn.ts";
import { saveUnlockKey, type Device } from "#store/devices.ts";
import { changed } from "./change.ts";
import type { Deps } from "./deps.ts";

type Kept = Pick<Passkey, "credentialId" | "publicKey" | "backupEligible">;

/** The passkey answers the device's id. False: it is none, or there is one. */
export async function saveUnlock(deps: Deps, { id, userId }: Device, attestation: object): Promise<boolean> {
  const site = relyingParty(deps.db.node.publicUrl);
  const form = formed(() => readRegistration(JSON.stringify(attestation)));
  const challenge = Buffer.from(id).toString("base64url");
  const passkey = site && form && (await checkRegistration(form, { site, challenge }));
  if (!passkey?.userVerified) return false;
  const { credentialId, publicKey, backupEligible } = passkey;
  const unlockKey = JSON.stringify({ credentialId, publicKey, backupEligible } satisfies Kept);
  return await changed(deps, `person:${userId}`, async (run) => {
    const value = await saveUnlockKey(run, { id, unlockKey });
    return { value, result: value ? "DEVICE_LOCKED_BY_PASSKEY" : "DEVICE_LOCK_KEPT", userId, detail: { device: id } };
  });
}

type Asked = { nonce: string; uv: object | undefined };

/** Whether this approval may be taken without looking further at the device's lock. */
export async function isUnlocked(deps: Deps, { unlockKey }: Device, { nonce, uv }: Asked): Promise<boolean> {
  const rule = deps.settings.values()["push.local-unlock"];
  if (rule === "off" || (rule === "offered" && unlockKey === null)) return true;
  const site = relyingParty(deps.db.node.publicUrl);
  const form = uv && formed(() => readAssertion(JSON.stringify(uv)));
  if (!site || !form || unlockKey === null) return false;
  const verdict = await checkAssertion(form, { site, challenge: nonce, passkey: JSON.parse(unlockKey) as Kept });
  return verdict.ok && verdict.userVerified;
}

function formed<T>(reading: () => T): T | undefined {
  try {
    return reading();
  } catch {
    return undefined;
  }
}
