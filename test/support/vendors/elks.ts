// 46elks as its documents say: Basic authentication, a form of from, to, message and whendelivered, errors as a line of text, and
// callbacks without any signature, as forms.
import type { Post, Protocol, Text } from "./stand-in.ts";

export const username = "u0123456789abcdef";
export const password = "password-of-the-account";

export const elks: Protocol = {
  refuse({ path, authorization, form }) {
    const right = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    if (authorization !== right) return { status: 401, body: "API access requires Basic HTTP authentication" };
    if (path.toLowerCase() !== "/a1/sms") return { status: 404, body: "404 Not Found" };
    const [to, from] = [form.get("to") ?? "", form.get("from") ?? ""];
    if (!/^\+\d{7,15}$/.test(to)) return { status: 400, body: `Invalid to number: ${to}` };
    if (!/^(\+\d{7,15}|[A-Za-z][A-Za-z0-9]{2,10})$/.test(from)) return { status: 400, body: "Invalid from" };
    return form.get("message") ? undefined : { status: 400, body: "Missing key message" };
  },
  read: ({ form }, ref) => ({
    to: form.get("to")!,
    from: form.get("from")!,
    text: form.get("message")!,
    ref: `s${ref}`,
    reportUrl: form.get("whendelivered") ?? undefined,
  }),
  accept: ({ ref, to, from, text }) => ({
    status: 200,
    body: {
      id: ref,
      direction: "outgoing",
      from,
      to,
      message: text,
      parts: 1,
      cost: 3500,
      status: "created",
      created: "2027-01-15T08:00:00.000000",
    },
  }),
  moods: {
    failing: { status: 500, body: "Internal server error" },
    busy: { status: 429, body: "Too many requests" },
    refusing: { status: 400, body: "Invalid to number: +46701234567" },
  },
};

export const post = (url: string, fields: Record<string, string>): Post => ({
  url,
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams(fields).toString(),
});

export const elksReport = ({ ref, reportUrl }: Text, state: string): Post =>
  post(reportUrl!, {
    id: ref,
    status: state,
    ...(state === "delivered" && { delivered: "2027-01-15T08:00:05.000000" }),
  });

export const elksReply = (
  callbackUrl: string,
  { id, from, to, text, at }: Record<"id" | "from" | "to" | "text", string> & { at: number },
): Post => {
  const created = new Date(at).toISOString().replace("Z", "000");
  return post(callbackUrl, { direction: "incoming", id, from, to, created, message: text });
};
