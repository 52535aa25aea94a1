/** `CN=Staff\, north,OU=…` is "Staff, north" (RFC 4514). */
export function commonName(dn: string): string {
  const first = /^[^=]*=((?:\\.|[^\\,+])*)/.exec(dn)?.[1] ?? dn;
  const plain = (escaped: string, sign: string | undefined) =>
    sign ?? Buffer.from(escaped.replaceAll("\\", ""), "hex").toString();
  return first.replaceAll(/(?:\\[0-9a-f]{2})+|\\(.)/gi, plain).trim();
}
