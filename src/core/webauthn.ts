/**
 * Passkeys (WebAuthn Level 3): what a browser is asked, and the one verifier of what it answers (§7.1, §7.2). Pure: the
 * challenge's single use and the record are the callers'. Must stay true (R-092): whatever is false, missing, unexpected or
 * thrown means no; only the object that comes back at the very end means yes.
 */

import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import { algorithms, type AssertionForm, type RegistrationForm } from "./webauthn-form.ts";

/** Where passkeys are good: the RP ID and the one origin that may use it. */
export type RelyingParty = { id: string; origin: string };

/** None where browsers know no passkeys: on an IP address, or without TLS anywhere but on this machine. */
export function relyingParty(publicUrl: string): RelyingParty | undefined {
  const { protocol, hostname, origin } = new URL(publicUrl);
  const local = hostname === "localhost" || hostname.endsWith(".localhost");
  const numeric = /^[\d.]+$|^\[/.test(hostname);
  return numeric || (protocol !== "https:" && !local) ? undefined : { id: hostname, origin };
}

/** as long as a browser's dialogue may be open. */
export const ceremonyMs = 300_000;

type Known = { credentialId: string; transports: Transport[] };
const transports = ["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"] as const;
type Transport = (typeof transports)[number];

const described = (passkeys: Known[]) =>
  passkeys.map((one) => ({ id: one.credentialId, type: "public-key" as const, transports: [...one.transports] }));

type Registering = {
  site: RelyingParty;
  challenge: string;
  /** `id` is chance and says nothing about the person */
  person: { id: string; username: string; displayName: string };
  known: Known[];
};

/** What navigator.credentials.create is given: a passkey that can be found without a name, checked by the person if they can. */
export function registrationOptions(input: Registering): PublicKeyCredentialCreationOptionsJSON {
  const { site, challenge, person, known } = input;
  return {
    rp: { id: site.id, name: "Countersign" },
    user: { id: person.id, name: person.username, displayName: person.displayName },
    challenge,
    pubKeyCredParams: algorithms.map((alg) => ({ alg, type: "public-key" })),
    timeout: ceremonyMs,
    attestation: "none",
    excludeCredentials: described(known),
    authenticatorSelection: {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "preferred",
    },
  };
}

type Asking = { site: RelyingParty; challenge: string; known: Known[]; userVerification: "preferred" | "discouraged" };

/** What navigator.credentials.get is given; without known passkeys the person chooses among theirs. */
export function requestOptions({ site, ...asking }: Asking): PublicKeyCredentialRequestOptionsJSON {
  const { challenge, known, userVerification } = asking;
  return { rpId: site.id, challenge, timeout: ceremonyMs, userVerification, allowCredentials: described(known) };
}

/** A passkey as it is kept. `backupEligible`: it may be on several devices, as synced ones are; fixed for life. */
export type Passkey = {
  credentialId: string;
  publicKey: string;
  alg: number;
  aaguid: string;
  transports: Transport[];
  backupEligible: boolean;
  userVerified: boolean;
  signCount: number;
};

/** The library is half a second and 30 MB, which only those pay who use passkeys. */
const load = async () => await import("@simplewebauthn/server");

/** §7.1: the new passkey, or nothing. `challenge` is the one this registration was begun with. */
export async function checkRegistration(
  form: RegistrationForm,
  { site, challenge }: { site: RelyingParty; challenge: string },
): Promise<Passkey | undefined> {
  try {
    const { verifyRegistrationResponse } = await load();
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...form, clientExtensionResults: {} } as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: [site.origin],
      expectedRPID: [site.id],
      requireUserPresence: true,
      requireUserVerification: false,
      supportedAlgorithmIDs: algorithms,
    });
    if (verified !== true || registrationInfo === undefined) return undefined;
    const { credential, credentialDeviceType, userVerified } = registrationInfo;
    const { credentialId, publicKey, alg, aaguid } = form.attested;
    return {
      credentialId,
      publicKey: Buffer.from(publicKey).toString("base64url"),
      alg,
      aaguid,
      transports: transports.filter((one) => form.response.transports?.includes(one)),
      backupEligible: credentialDeviceType === "multiDevice",
      userVerified,
      signCount: credential.counter,
    };
  } catch {
    return undefined;
  }
}

/** `signCount` is what the authenticator says that it is; whether it may be that is for methods/passkey.ts. */
export type Asserted = { ok: boolean; userVerified: boolean; signCount: number };
const refused: Asserted = { ok: false, userVerified: false, signCount: 0 };

type Expected = {
  site: RelyingParty;
  challenge: string;
  passkey: Pick<Passkey, "credentialId" | "publicKey" | "backupEligible">;
};

/** §7.2: is this the passkey's own answer to this challenge? Whose the passkey is, the caller has found out. */
export async function checkAssertion(form: AssertionForm, { site, challenge, passkey }: Expected): Promise<Asserted> {
  try {
    if (form.id !== passkey.credentialId || form.backupEligible !== passkey.backupEligible) return refused;
    const { verifyAuthenticationResponse } = await load();
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...form, clientExtensionResults: {} } as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: [site.origin],
      expectedRPID: [site.id],
      requireUserVerification: false,
      // its rule for the counter knows no synced passkeys, so it is told of none
      credential: { id: passkey.credentialId, publicKey: Buffer.from(passkey.publicKey, "base64url"), counter: 0 },
    });
    if (verified !== true) return refused;
    return { ok: true, userVerified: authenticationInfo.userVerified, signCount: authenticationInfo.newCounter };
  } catch {
    return refused;
  }
}
