/**
 * The request that a proxy asks about, as nginx (X-Original-URL), Caddy and Traefik (X-Forwarded-…) describe it. Must stay
 * true: it is read only when every server behind the proxy would read it the same way; what is missing, malformed or can be
 * understood in two ways is no request at all.
 */

export type ForwardedRequest = {
  method: string;
  scheme: "https" | "http";
  /** lower case; with its port unless that is the scheme's own */
  host: string;
  /** decoded, as rules name it */
  path: string;
  /** path and query as they were sent */
  target: string;
};
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Headers by which some frameworks serve another path or method than was asked for. */
const overrides = ["x-rewrite-url", "x-http-method-override", "x-http-method", "x-method-override"];

/** Whoever sent both kinds of headers must have said the same with both: one of them may be the visitor's own. */
export function readForwarded(headers: Headers): ForwardedRequest | undefined {
  if (overrides.some((name) => headers[name] !== undefined)) return undefined;
  const of = (name: string) => headers[name];
  const [url, method] = [of("x-original-url"), of("x-original-method")];
  const parts = ["method", "proto", "host", "uri"].map((part) => of(`x-forwarded-${part}`));
  const said: (ForwardedRequest | undefined)[] = [];
  if (url !== undefined || method !== undefined) said.push(readUrl(url, method));
  if (parts.some((part) => part !== undefined)) said.push(readParts(parts));
  const [first] = said;
  return said.every((one) => one && JSON.stringify(one) === JSON.stringify(first)) ? first : undefined;
}

/** An absolute URL of a protected site, to which a person is to return. */
export const readReturn = (url: unknown): ForwardedRequest | undefined => readUrl(url, "GET");

function readUrl(url: unknown, method: unknown): ForwardedRequest | undefined {
  const [, scheme, host, target] = (typeof url === "string" && /^(https?):\/\/([^/?#]+)(\/.*)$/.exec(url)) || [];
  return readParts([method, scheme, host, target]);
}

/** Traefik calls the scheme of a WebSocket by its own name. */
const schemes: Record<string, "https" | "http"> = { https: "https", http: "http", wss: "https", ws: "http" };
const token = /^[!#$%&'*+.^`|~\w-]{1,32}$/;

function readParts([method, proto, authority, target]: unknown[]): ForwardedRequest | undefined {
  if (typeof method !== "string" || typeof proto !== "string" || !token.test(method)) return undefined;
  const scheme = Object.hasOwn(schemes, proto) ? schemes[proto] : undefined;
  if (scheme === undefined || typeof authority !== "string" || typeof target !== "string") return undefined;
  const host = readHost(authority, scheme);
  const path = readPath(target);
  if (host === undefined || path === undefined) return undefined;
  // without TLS only what never leaves the machine
  if (scheme === "http" && !isLoopback(host)) return undefined;
  return { method, scheme, host, path, target };
}

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const authorityForm = new RegExp(`^((?=[^:]{1,253}(?::|$))${label}(?:\\.${label})*)(?::([1-9]\\d{0,4}))?$`);
const ownPort = { https: "443", http: "80" };

/** A host as sites are named by it; undefined for addresses in brackets, user names, dots at the end, odd ports. */
export function readHost(text: string, scheme: "https" | "http" = "https"): string | undefined {
  const [, name, port] = authorityForm.exec(text.toLowerCase()) ?? [];
  if (name === undefined || Number(port ?? 0) > 65_535) return undefined;
  return port === undefined || port === ownPort[scheme] ? name : `${name}:${port}`;
}

export const hostName = (host: string): string => host.replace(/:\d+$/, "");
const isLoopback = (host: string): boolean => /^(?:(?:.+\.)?localhost|127\.0\.0\.1)$/.test(hostName(host));

/** RFC 3986 without `;`, at which servers cut paths differently, and without `#`, which no request bears. */
const targetForm = /^(\/[\w.~!$&'()*+,=:@%/-]*)(?:\?[\x21\x22\x24-\x7e]*)?$/;
/** `. / ; ? # \` in disguise: some decode before they look for these, some after. */
const disguised = /%(?:2e|2f|3b|3f|23|5c)/i;
/** Characters that nothing shows, and those that Windows takes for a slash. */
const treacherous = /[\p{C}\u2028\u2029\u2044\u2215\u2216\u29f5\u29f8]/u;

/** The decoded path of a request target, when there is only one way to read it. */
export function readPath(target: string): string | undefined {
  const [, raw] = targetForm.exec(target) ?? [];
  if (raw === undefined || disguised.test(raw)) return undefined;
  const path = decoded(raw);
  if (path === undefined || treacherous.test(path)) return undefined;
  // encoded twice, for whoever decodes twice; IIS knows %uXXXX
  if (/%(?:u|[0-9a-f]{2})/i.test(path)) return undefined;
  // full-width and similar forms that become a dot, a slash, …
  if (/[./\\;?#%]/.test(path.replaceAll(/[\0-\x7f]/g, "").normalize("NFKC"))) return undefined;
  const segments = path.split("/").slice(1);
  // doubled slashes are merged by some; Windows drops dots and spaces at the end and opens streams by `:$`
  const clear = (segment: string, index: number) =>
    (segment !== "" || index === segments.length - 1) && !/[.\s]$/.test(segment) && !segment.includes(":$");
  return segments.every(clear) ? path : undefined;
}

/** Undefined when it is not UTF-8 under well-formed escapes: `%zz`, overlong forms. */
function decoded(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}
