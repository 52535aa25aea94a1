import type { FastifyRequest } from "fastify";

/** what our pages send comes from our own origin; browsers say so, each in one of two ways. */
export function isOwn({ headers }: FastifyRequest, publicUrl: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  return headers.origin === undefined || headers.origin === new URL(publicUrl).origin;
}
