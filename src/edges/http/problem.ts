/**
 * What went wrong, as RFC 9457 problem JSON: fixed words and the name of the field at most. Must stay true: no value that
 * was sent, no stack, no path, no cause ever gets out.
 */

import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Deps } from "#actions/deps.ts";
import { AppError, type ErrorCode } from "#core/errors.ts";
import type { ProblemBody } from "./contract-parts.ts";

export const statusOf: Record<ErrorCode, number> = {
  usage: 400,
  not_found: 404,
  exists: 409,
  invalid: 400,
  unavailable: 503,
  busy: 429,
  forbidden: 403,
  conflict: 409,
  start_refused: 503,
  internal: 500,
};

const titles: Record<number, string> = {
  400: "The request is not as the API describes it",
  401: "The request is not authenticated",
  403: "The key may not do this",
  404: "There is nothing here",
  409: "The request conflicts with an earlier one",
  415: "The body must be application/json",
  429: "Too much is waiting; try again later",
  500: "Something went wrong",
  503: "The system cannot answer now; try again later",
};
const retryLater = new Set([409, 429, 503]);

export function sendProblem(reply: FastifyReply, status: number, detail?: string): FastifyReply {
  const body: ProblemBody = {
    type: "about:blank",
    title: titles[status] ?? "The request was refused",
    status,
    ...(detail !== undefined && { detail }),
    correlationId: reply.request.id,
  };
  if (retryLater.has(status)) reply.header("retry-after", "1");
  if (status === 401) reply.header("www-authenticate", "Countersign-HMAC-SHA256");
  return reply.code(status).type("application/problem+json").send(JSON.stringify(body));
}

/** For every error that reaches the framework. An unknown one may be the database's: nothing was decided, ask again. */
export const errorHandler =
  (deps: Deps) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof AppError) {
      const shown = error.code === "invalid" || error.code === "conflict" ? error.detail : undefined;
      return sendProblem(reply, statusOf[error.code], shown);
    }
    const status = ofFramework(error);
    if (status !== undefined) return sendProblem(reply, status);
    deps.log.error("a request could not be answered", {
      correlationId: request.id,
      reason: error instanceof Error ? error.message : "unknown",
    });
    return sendProblem(reply, 503);
  };

/** Fastify's own refusals; R-229: what is too large is a bad request like any other. */
function ofFramework(error: unknown): number | undefined {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof code !== "string" || !code.startsWith("FST_ERR_")) return undefined;
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return 415;
  return typeof statusCode === "number" && statusCode >= 400 && statusCode < 500 ? 400 : undefined;
}

/** Names what is wrong and where, never what was there. */
export function invalid({ issues }: z.ZodError): AppError {
  const sentences = issues.slice(0, 10).map((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys
        .slice(0, 10)
        .map((key) => `${name([...issue.path, key])}: is not a field`)
        .join("; ");
    const expected = issue.code === "invalid_type" ? `must be ${issue.expected}` : "is not as described";
    return `${name(issue.path)}: ${expected}`;
  });
  return new AppError("invalid", sentences.join("; "));
}
const name = (path: readonly PropertyKey[]) => path.map(String).join(".").slice(0, 64) || "body";
