// What the device says, signed by its key (compact JWS, RFC 7515, ES256).

export type Header = {
  typ: "countersign-request+jwt" | "countersign-activation+jwt" | "countersign-decision+jwt";
  kid?: string;
};

const ecdsa = { name: "ECDSA", namedCurve: "P-256" } as const;

/** The private half can sign and nothing else: no script can carry it away. */
export const makeDeviceKey = async (): Promise<CryptoKeyPair> =>
  await crypto.subtle.generateKey(ecdsa, false, ["sign", "verify"]);

export const base64url = (bytes: ArrayBuffer | Uint8Array): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

export const fromBase64url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (octet) => octet.charCodeAt(0));

const encode = (text: string) => new TextEncoder().encode(text);

export async function signJws(key: CryptoKey, header: Header, payload: object): Promise<string> {
  const parts = [{ alg: "ES256", ...header }, payload];
  const signed = parts.map((part) => base64url(encode(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, encode(signed));
  return `${signed}.${base64url(signature)}`;
}

/** What a signed request says of its body; "" when there is none. */
export const bodyHash = async (body: string): Promise<string> =>
  body === "" ? "" : base64url(await crypto.subtle.digest("SHA-256", encode(body)));
