/**
 * The cookies of a protected site: what points to a session, and what binds a browser to its way through the sign-in. Must
 * stay true: they belong to one host, and with https no other host can set them (`__Host-`).
 */

import type { FastifyReply, FastifyRequest } from "fastify";
import type { ForwardedRequest } from "#core/forwarded-request.ts";

type CookieName = "site" | "state";
type Place = Pick<ForwardedRequest, "scheme">;

const nameOf = (name: CookieName, { scheme }: Place) => `${scheme === "https" ? "__Host-" : ""}countersign-${name}`;

/** One that is there twice is nobody's: without `__Host-` a neighbour may have set the other. */
export function readCookie(request: FastifyRequest, name: CookieName, place: Place): string | undefined {
  const start = `${nameOf(name, place)}=`;
  const values = (request.headers.cookie ?? "")
    .split(";")
    .map((one) => one.trim())
    .flatMap((one) => (one.startsWith(start) ? [one.slice(start.length)] : []));
  return values.length === 1 && /^[\w-]{32}$/.test(values[0]!) ? values[0] : undefined;
}

export function writeCookie(reply: FastifyReply, name: CookieName, place: Place & { value: string }): void {
  const secure = place.scheme === "https" ? "; Secure" : "";
  // Lax: the way back from the sign-in crosses sites
  void reply.header("set-cookie", `${nameOf(name, place)}=${place.value}; Path=/; HttpOnly; SameSite=Lax${secure}`);
}
