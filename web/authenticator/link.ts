// What opens the app: an activation link, a code and an address typed by hand, or a request to show. Must stay true: a code is
// behind "#", which no server is sent, and leaves the address bar before anything else happens.

/** Letters that people take for digits read as those (Crockford's Base32, as the server reads it too). */
export const readCode = (typed: string): string =>
  typed.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");

const alphabet = "[0-9A-HJKMNP-TV-Z]";
const typedCode = new RegExp(`^${alphabet}{10}$`);
const linkCode = new RegExp(`^${alphabet}{26}$`);

export const isTypedCode = (code: string): boolean => typedCode.test(code);

/** The code of a link, "" of a broken one; undefined when this is none. */
export function activationIn(hash: string): string | undefined {
  if (!hash.startsWith("#activate=")) return undefined;
  const code = readCode(hash.slice("#activate=".length));
  return linkCode.test(code) ? code : "";
}

/** Where another server's own app is; undefined when no address was typed. */
export function appAt(typed: string): URL | undefined {
  const text = typed.trim();
  if (!/^(https?:\/\/)?[\w.-]+(:\d+)?(\/|$)/i.test(text)) return undefined;
  const url = URL.parse("/authenticator/", /^https?:/i.test(text) ? text : `https://${text}`);
  const local = url?.hostname === "localhost" || url?.hostname === "127.0.0.1";
  return url && (url.protocol === "https:" || local) ? url : undefined;
}
