/** The one error class: a closed code that someone branches on; what a person reads is `error.<code>` in their language. */

export const errorCodes = [
  "usage",
  "not_found",
  "exists",
  "invalid",
  "unavailable",
  "busy",
  "forbidden",
  "conflict",
  "start_refused",
  "internal",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** `detail` is a sentence for the person who can act on it (an administrator); it never holds a secret. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  constructor(code: ErrorCode, detail?: string, cause?: unknown) {
    super(detail ?? code, cause === undefined ? undefined : { cause });
    this.name = "AppError";
    this.code = code;
    this.detail = detail;
  }
}

/** What zod found, each under the name that an administrator wrote: `options.codeLength` is `code-length`. */
export const mistakesIn = (issues: readonly { path: readonly PropertyKey[]; message: string }[]): string =>
  issues.map(({ path, message }) => (path.length === 0 ? message : `${asWritten(path)}: ${message}`)).join("; ");

const asWritten = (path: readonly PropertyKey[]) =>
  path
    .join(".")
    .replace(/^options\./, "")
    .replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
