/**
 * The cookies of people's pages. Must stay true: with https each is `__Host-`, so no other host can set it; none can be read
 * by a script; each holds chance alone.
 */

import type { CookieSerializeOptions } from "@fastify/cookie";
import type { FastifyReply, FastifyRequest } from "fastify";

export type CookieName = "session" | "browser" | "device" | "language";
const suffix: Record<CookieName, string> = {
  session: "",
  browser: "-browser",
  device: "-device",
  language: "-language",
};

export type Cookies = {
  read(request: FastifyRequest, name: CookieName): string | undefined;
  /** `seconds` undefined: until the browser is closed */
  write(reply: FastifyReply, name: CookieName, value: string, seconds?: number): void;
  clear(reply: FastifyReply, name: CookieName): void;
  nameOf(name: CookieName): string;
  /** What binds a sign-in to this browser; made when there is none. */
  browser(request: FastifyRequest, reply: FastifyReply): string;
};

export function cookiesFor(publicUrl: string, newToken: () => string): Cookies {
  const secure = publicUrl.startsWith("https:");
  const nameOf = (name: CookieName) => `${secure ? "__Host-" : ""}countersign${suffix[name]}`;
  const always: CookieSerializeOptions = { path: "/", httpOnly: true, sameSite: "lax", secure };
  const read: Cookies["read"] = (request, name) => {
    const value = request.cookies[nameOf(name)];
    return value !== undefined && /^[\w-]{2,100}$/.test(value) ? value : undefined;
  };
  const write: Cookies["write"] = (reply, name, value, seconds) =>
    void reply.setCookie(nameOf(name), value, { ...always, ...(seconds !== undefined && { maxAge: seconds }) });
  return {
    read,
    write,
    nameOf,
    clear: (reply, name) => void reply.clearCookie(nameOf(name), always),
    browser: (request, reply) => {
      const known = read(request, "browser");
      if (known) return known;
      const made = newToken();
      write(reply, "browser", made);
      return made;
    },
  };
}
