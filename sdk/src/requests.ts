import { exchange, type Line, type Sent } from "./line.ts";
import type { components, paths } from "./openapi.d.ts";

/**
 * What administrators do, for keys with the scope, as the API describes it. Verifications are not asked for like this: their
 * answers are believed only when they are signed.
 */

type Path = Extract<keyof paths, `/api/v1/${"registrations" | "users" | "applications" | "gateways"}${string}`>;
type Method = "get" | "post" | "patch" | "delete";
type MethodOf<P extends Path> = { [M in Method]: paths[P] extends Record<M, object> ? M : never }[Method];
type OperationOf<P extends Path, M extends Method> = paths[P] extends Record<M, infer Operation> ? Operation : never;
type Json<Content> = { content: { "application/json": Content } };
type Input<Operation> = (Operation extends { parameters: { path: infer Names } } ? { path: Names } : object) &
  (Operation extends { requestBody: Json<infer Body> } ? { body: Body } : object) & {
    /** The same request under the same key is carried out once. */
    idempotencyKey?: string;
  };
type Answer<Operation> = Operation extends { responses: { 200: Json<infer Content> } } ? Content : never;

export type Request = <P extends Path, M extends MethodOf<P>>(
  method: M,
  path: P,
  input: Input<OperationOf<P, M>>,
) => Promise<Answer<OperationOf<P, M>>>;

/** The server's refusal. `status` is HTTP's. */
export class RequestError extends Error {
  readonly status: number;
  readonly correlationId: string | undefined;
  constructor(status: number, problem: Partial<components["schemas"]["Problem"]>) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    this.name = "RequestError";
    this.status = status;
    this.correlationId = problem.correlationId;
  }
}

type Untyped = { path?: Record<string, string>; body?: object; idempotencyKey?: string };

export const requestOn = (line: () => Promise<Line>): Request =>
  (async (method: Method, path: string, { path: names = {}, body, idempotencyKey }: Untyped) => {
    const sent: Sent = {
      method: method.toUpperCase() as Sent["method"],
      path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name]!)),
      ...(body && { body }),
      ...(idempotencyKey !== undefined && { headers: { "idempotency-key": idempotencyKey } }),
    };
    const response = await exchange(await line(), sent);
    const answer = (await response.json().catch(() => ({}))) as object;
    if (response.status !== 200) throw new RequestError(response.status, answer);
    return answer;
  }) as Request;
