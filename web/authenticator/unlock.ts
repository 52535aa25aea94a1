// The device's own lock (fingerprint, face or PIN) before an approval: a passkey of the app's, that answers the request's nonce.
import { DeviceProblem, type Pending } from "./device.ts";
import { fromBase64url } from "./jws.ts";
import type { Account } from "./keep.ts";

type Json = { toJSON(): object };

/** What the server wants to know of it; nothing when this account is not unlocked so. */
export async function unlock(account: Account, { nonce }: Pick<Pending, "nonce">): Promise<object | undefined> {
  if (account.unlockId === undefined) return undefined;
  try {
    const credential = await navigator.credentials.get({
      publicKey: {
        challenge: fromBase64url(nonce),
        userVerification: "required",
        allowCredentials: [{ type: "public-key", id: fromBase64url(account.unlockId), transports: ["internal"] }],
      },
    });
    return (credential as unknown as Json).toJSON();
  } catch {
    throw new DeviceProblem("locked");
  }
}

export const canUnlock = async (): Promise<boolean> =>
  "PublicKeyCredential" in globalThis && (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable());
