/**
 * The question a proxy asks before it passes a request on: may it pass, and who is it? Must stay true: every way out but the
 * two that the rules allow is 401, 403 or, to a browser that can sign in, a redirect.
 */

import type { FastifyReply, FastifyRequest } from "fastify";
import { readForwarded, type ForwardedRequest, type Headers } from "#core/forwarded-request.ts";
import { identityHeaders } from "#core/identity-headers.ts";
import { acrOf, admit, type Admission } from "#actions/forward-auth.ts";
import { languageOf, translate } from "#i18n/translate.ts";
import { readCookie } from "./cookies.ts";
import type { Around } from "./routes.ts";

export const startPath = "/.countersign/start";

export async function answerProxy(around: Around, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const asked = readForwarded(request.headers);
  if (!asked) {
    around.deps.log.info("a request that a proxy asked about does not read", { proxy: request.ip });
    return reply.code(403).send();
  }
  const token = readCookie(request, "site", asked);
  const admission = await admit(around.deps, around.gate, { request: asked, token });
  switch (admission.verdict) {
    case "public":
      return reply.code(200).send();
    case "in":
      return reply
        .code(200)
        .headers(identityHeaders(admission.session))
        .header("x-countersign-jwt", around.gate.tokenFor(admission.session, asked.host))
        .send();
    case "sign-in":
      return askToSignIn({ request, reply }, asked, admission);
    case "no-member": {
      const language = languageOf(admission.session.language ?? undefined);
      const text = translate(language, "page_error.not_in_groups.what");
      return reply.code(403).type("text/plain; charset=utf-8").send(text);
    }
    case "refused":
      return reply.code(403).send();
  }
}

type Exchange = { request: FastifyRequest; reply: FastifyReply };

/** nginx makes the redirect itself, of a 401 and its Location; others pass on what they get. */
function askToSignIn(
  { request, reply }: Exchange,
  asked: ForwardedRequest,
  { need, known }: Extract<Admission, { verdict: "sign-in" }>,
): FastifyReply {
  // RFC 9470: what a program that knows its user is to bring
  const lacking = `error="insufficient_user_authentication", acr_values="${acrOf(need.strength)}"`;
  void reply.header("www-authenticate", known ? `Bearer ${lacking}` : "Bearer");
  if (!canSignIn(request.headers, asked.method)) return reply.code(401).send();
  const { scheme, host, target } = asked;
  void reply.header("location", `${scheme}://${host}${startPath}?rd=${encodeURIComponent(target)}`);
  return reply.code(request.headers["x-original-url"] === undefined ? 302 : 401).send();
}

/** Someone who opens a page. A script, an image or a frame could do nothing with our pages. */
function canSignIn(headers: Headers, method: string): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  if (headers["sec-fetch-mode"] === undefined) return String(headers["accept"]).includes("text/html");
  return isNavigation(headers);
}

export const isNavigation = (headers: Headers): boolean =>
  (headers["sec-fetch-mode"] ?? "navigate") === "navigate" && (headers["sec-fetch-dest"] ?? "document") === "document";
