/** What the subjects of the API's contract have in common: how a request may be refused, and what every one of them bears. */

import { z } from "zod";
import type { ApiScope } from "#core/api-key.ts";

export const username = z.string().min(1).max(256);

/** What a token or app is found to be by codes in a row. */
export const resynchronised = z
  .strictObject({
    factorId: z.string(),
    method: z.enum(["totp", "hotp"]),
    drift: z.int().meta({ description: "Intervals that its clock is ahead (or behind, below 0)." }),
  })
  .meta({ id: "Resynchronised" });

export const problem = z
  .strictObject({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    correlationId: z.string(),
  })
  .meta({ id: "Problem", description: "RFC 9457" });
export type ProblemBody = z.output<typeof problem>;

export const problems = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problem } },
});

export const failures = {
  400: problems("The request is not as described here."),
  401: problems("The request is not signed by a key in use, for now, for the first time."),
  429: problems("Too much waits; try again after Retry-After."),
};
export const bodyFailures = {
  409: problems("The Idempotency-Key is in use for another request, or its request is under way."),
  415: problems("The body is not application/json."),
};

/** Other headers pass: they are HTTP's, not ours. */
export const headers = z.looseObject({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .optional()
    .meta({ description: "The same request under the same key gets the same answer for 24 hours." }),
});
export const none = z.strictObject({});

/** One that carries out an action: what path and body say is its input, and what it gives back the answer. */
export type Operation<
  Params extends z.ZodObject = z.ZodObject,
  Body extends z.ZodObject = z.ZodObject,
  Answer extends z.ZodType = z.ZodType,
  Query extends z.ZodObject = z.ZodObject,
> = {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  url: string;
  config: { scope: ApiScope };
  /** octets, where a body holds more than words */
  bodyLimit?: number;
  schema: {
    operationId: string;
    summary: string;
    tags: string[];
    querystring: Query;
    params: Params;
    headers?: typeof headers;
    body?: Body;
    response: {
      200: { description: string; content: { "application/json": { schema: Answer } } };
      [refusal: number]: unknown;
    };
  };
};

type Described<Params, Body, Answer, Query> = Pick<Operation, "method" | "url" | "bodyLimit"> & {
  scope: ApiScope;
  operationId: string;
  summary: string;
  params: Params;
  /** what stands behind the `?`, in words */
  query?: Query;
  body?: Body;
  bodyLimit?: number;
  answer: Answer;
};

export function operation<
  Params extends z.ZodObject,
  Answer extends z.ZodType,
  Body extends z.ZodObject = typeof none,
  Query extends z.ZodObject = typeof none,
>({
  method,
  url,
  scope,
  params,
  query = none as unknown as Query,
  body,
  answer,
  bodyLimit,
  ...named
}: Described<Params, Body, Answer, Query>): Operation<Params, Body, Answer, Query> {
  return {
    method,
    url,
    config: { scope },
    ...(bodyLimit !== undefined && { bodyLimit }),
    schema: {
      ...named,
      tags: [scope],
      querystring: query,
      params,
      ...(method !== "GET" && { headers }),
      ...(body && { body }),
      response: {
        200: { description: "Done.", content: { "application/json": { schema: answer } } },
        ...failures,
        403: problems(`The key lacks the scope \`${scope}\`.`),
        404: problems("There is nobody, or nothing, of that name."),
        503: problems("It could not be done; send it again."),
        ...(method !== "GET" && {
          ...bodyFailures,
          409: problems("The Idempotency-Key is in use, or what the request would make is there already."),
        }),
      },
    },
  };
}
