import { z } from "zod";

/** What an administrator says of an application that signs people in with OpenID Connect, beside names and addresses. */

export const idTokenAlgs = ["ES256", "RS256"] as const;
export const relyingPartyOptions = z.strictObject({
  logoUri: z.string().optional(),
  /** ID tokens also say that more than one factor was verified in Microsoft's word. */
  multipleauthn: z.boolean().default(false),
  /** Back-channel logout may go to an address of the own network. */
  intranet: z.boolean().default(false),
  /** How its tokens are signed: older programs know RS256 alone. */
  idTokenAlg: z.enum(idTokenAlgs).default("ES256"),
});
export type RelyingPartyOptions = z.output<typeof relyingPartyOptions>;

const loopbacks = new Set(["localhost", "127.0.0.1", "[::1]"]);
const isLoopback = (url: URL): boolean => loopbacks.has(url.hostname);

/**
 * an address that a browser may be sent back to: absolute, exact, over TLS or to this very machine; a program of
 * the person's device (public) may also own a scheme, which then bears a domain name in reverse (RFC 8252, 7.1).
 * Gives what is wrong with it.
 */
export function refuseRedirect(text: string, { isPublic }: { isPublic: boolean }): string | undefined {
  const url = URL.parse(text);
  if (!url) return "is not an absolute address";
  if (text.includes("#")) return "must not have a fragment";
  if (/[*\s\\]/.test(text)) return "must be one exact address";
  if (url.username !== "" || url.password !== "") return "must not hold a name or password";
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))) return undefined;
  if (isPublic && /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol)) return undefined;
  return "must begin with https:// (http:// is for this machine's own address alone)";
}
