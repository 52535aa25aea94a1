/** Namespaces and algorithms by the names that documents call them. */

export const pskcNs = "urn:ietf:params:xml:ns:keyprov:pskc";
export const dsigNs = "http://www.w3.org/2000/09/xmldsig#";
export const xencNs = "http://www.w3.org/2001/04/xmlenc#";
export const xenc11Ns = "http://www.w3.org/2009/xmlenc11#";
const dsigMore = "http://www.w3.org/2001/04/xmldsig-more#";
const pkcs5 = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#";

export type Hash = "sha1" | "sha224" | "sha256" | "sha384" | "sha512";

/** HMACs, as PRF of PBKDF2 and for MACs. HMAC-MD5 is not among them. */
export const hmacs: ReadonlyMap<string, Hash> = new Map([
  [`${dsigNs}hmac-sha1`, "sha1"],
  // a slip in the wild, and it means nothing else
  [`${dsigMore}hmac-sha1`, "sha1"],
  [`${dsigMore}hmac-sha224`, "sha224"],
  [`${dsigMore}hmac-sha256`, "sha256"],
  [`${dsigMore}hmac-sha384`, "sha384"],
  [`${dsigMore}hmac-sha512`, "sha512"],
]);

export const pbkdf2Names: ReadonlySet<string | undefined> = new Set([`${pkcs5}pbkdf2`, `${xenc11Ns}pbkdf2`]);

export const digests: ReadonlyMap<string | undefined, Hash> = new Map([
  [undefined, "sha1"],
  [`${dsigNs}sha1`, "sha1"],
  [`${xencNs}sha256`, "sha256"],
  [`${dsigMore}sha384`, "sha384"],
  [`${xencNs}sha512`, "sha512"],
]);

/** How an element names its algorithm when the short form is enough: `aes128-cbc`. */
export const shortName = (uri: string): string => uri.slice(uri.search(/[#:][^#:]*$/) + 1, uri.length).slice(0, 60);

export const tokenTypes: ReadonlyMap<string, "hotp" | "totp" | "pin"> = new Map([
  [`${pskcNs}:hotp`, "hotp"],
  [`${pskcNs}:totp`, "totp"],
  [`${pskcNs}:pin`, "pin"],
  // as the drafts had them
  [`${pskcNs}#hotp`, "hotp"],
  [`${pskcNs}#totp`, "totp"],
  [`${pskcNs}#pin`, "pin"],
  ["http://www.ietf.org/keyprov/pskc#hotp", "hotp"],
  ["http://www.ietf.org/keyprov/pskc#totp", "totp"],
  ["http://www.ietf.org/keyprov/pskc#pin", "pin"],
]);
