/**
 * Which addresses a notification may be sent to: they come from people's devices, and whoever names one makes this
 * server connect to it. Must stay true: https, on a list that an administrator keeps, and of the own network only what is named
 * there as such.
 */

/** `services` are of the Internet, `ownServices` may be of the own network: `host`, `*.domain`, each with `:port` unless 443. */
export type PushRules = { services: readonly string[]; ownServices: readonly string[] };

const longest = 2000;

/** `listed`: as the administrator has named it. */
export type Service = { host: string; listed: string; own: boolean };

/** The service, or nothing where it may not be asked. */
export function findService(endpoint: string, { services, ownServices }: PushRules): Service | undefined {
  const url = URL.canParse(endpoint) && endpoint.length <= longest ? new URL(endpoint) : undefined;
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "") return undefined;
  const { host } = url;
  const find = (list: readonly string[]) => list.find((one) => names(one, host));
  const [own, listed] = [find(ownServices), find(services)];
  if (own !== undefined) return { host, listed: own, own: true };
  return listed === undefined ? undefined : { host, listed, own: false };
}

const names = (listed: string, host: string) =>
  listed.startsWith("*.") ? host.endsWith(listed.slice(1)) : host === listed;
