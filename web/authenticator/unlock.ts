// The device's own lock (fingerprint, face or PIN) before an approval: a passkey of the app's, bound to this device at the
// server, that answers the request's nonce.
import { ask, DeviceProblem, type Pending } from "./device.ts";
import { fromBase64url } from "./jws.ts";
import { changeAccount, type Account } from "./keep.ts";

/** A credential as the server reads it. */
type Written = { id: string; toJSON(): object };

export const canUnlock = async (): Promise<boolean> =>
  "PublicKeyCredential" in globalThis && (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable());

/** The person may say no, and the browser too. */
async function orLocked(asking: Promise<Credential | null>): Promise<Written> {
  const credential = await asking.catch(() => null);
  if (!credential) throw new DeviceProblem("locked");
  return credential as unknown as Written;
}

/** From now on an approval here needs the lock. */
export async function bindLock(account: Account): Promise<Account> {
  const { deviceId, username, displayName } = account;
  const id = new TextEncoder().encode(deviceId);
  const credential = await orLocked(
    navigator.credentials.create({
      publicKey: {
        rp: { name: "Countersign" },
        user: { id, name: username, displayName: displayName ?? username },
        challenge: id,
        pubKeyCredParams: [
          { type: "public-key", alg: -7 },
          { type: "public-key", alg: -257 },
        ],
        authenticatorSelection: {
          authenticatorAttachment: "platform",
          residentKey: "discouraged",
          userVerification: "required",
        },
      },
    }),
  );
  await ask(account, { method: "PUT", path: "/unlock", body: { attestation: credential.toJSON() } });
  await changeAccount(deviceId, { unlockId: credential.id });
  return { ...account, unlockId: credential.id };
}

/** What the server wants to see of it; nothing when this account is not locked so. */
export async function unlock(account: Account, { nonce }: Pick<Pending, "nonce">): Promise<object | undefined> {
  const { unlockId, localUnlock } = account;
  if (localUnlock === "off") return undefined;
  // where approvals need it, the first one binds it
  if (unlockId === undefined)
    return localUnlock === "required" ? await unlock(await bindLock(account), { nonce }) : undefined;
  const credential = await orLocked(
    navigator.credentials.get({
      publicKey: {
        challenge: fromBase64url(nonce),
        userVerification: "required",
        allowCredentials: [{ type: "public-key", id: fromBase64url(unlockId), transports: ["internal"] }],
      },
    }),
  );
  return credential.toJSON();
}
