import { Undelivered } from "./gateway.ts";

/** What vendors' answers have in common. */

type Answer = { status: number; body: string };

/** The JSON object of a yes; `codeOf` finds the vendor's own code in what a refusal holds. */
export function readJson(
  { status, body }: Answer,
  codeOf: (refusal: Record<string, unknown>) => unknown = () => undefined,
): Record<string, unknown> {
  const read = parse(body);
  if (status < 200 || status > 299) throw refusal(status, read && codeOf(read));
  if (!read) throw new Undelivered("the answer cannot be read", { sure: false });
  return read;
}

/** The vendor's words are not repeated, since they may name the number; its code is. */
export function refusal(status: number, code?: unknown): Undelivered {
  const named = typeof code === "number" || (typeof code === "string" && /^[\w.-]{1,40}$/.test(code));
  return new Undelivered(`refused with HTTP ${status}${named ? `, error ${code}` : ""}`, {
    // behind these two somebody may still be working
    sure: status !== 408 && status !== 504,
    messageOnly: status === 400 || status === 422,
  });
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
