// Twilio as its documents say: Basic authentication, a form of To, From, Body and StatusCallback, errors as JSON with a code, and
// callbacks whose signature is HMAC-SHA1 over the address and the form's fields in order.
import { createHmac } from "node:crypto";
import type { Post, Protocol, Text } from "./stand-in.ts";

export const account = "AC0123456789abcdef0123456789abcdef";
export const token = "token-of-the-account";

const error = (status: number, code: number, message: string) => ({
  status,
  body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
});

export const twilio: Protocol = {
  refuse({ path, authorization, form }) {
    const right = `Basic ${Buffer.from(`${account}:${token}`).toString("base64")}`;
    if (authorization !== right) return error(401, 20003, "Authenticate");
    if (path !== `/2010-04-01/Accounts/${account}/Messages.json`) return error(404, 20404, "Not found");
    const to = form.get("To") ?? "";
    if (!/^\+[1-9]\d{6,14}$/.test(to)) return error(400, 21211, `The 'To' number ${to} is not a valid phone number.`);
    if (!form.get("From")) return error(400, 21603, "A 'From' phone number is required.");
    return form.get("Body") ? undefined : error(400, 21602, "Message body is required.");
  },
  read: ({ form }, ref) => ({
    to: form.get("To")!,
    from: form.get("From")!,
    text: form.get("Body")!,
    ref: `SM${ref}`,
    reportUrl: form.get("StatusCallback") ?? undefined,
  }),
  accept: ({ ref, to, from, text }) => ({
    status: 201,
    body: { sid: ref, account_sid: account, to, from, body: text, status: "queued", price: null, error_code: null },
  }),
  moods: {
    failing: error(500, 20500, "Internal Server Error"),
    busy: error(429, 20429, "Too Many Requests"),
    refusing: error(400, 21610, "The message From/To pair violates a blacklist rule: +46701234567"),
  },
};

export function post(url: string, fields: Record<string, string>, key = token): Post {
  const text = Object.keys(fields)
    .toSorted()
    .reduce((sum, name) => sum + name + fields[name], url);
  return {
    url,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": createHmac("sha1", key).update(text).digest("base64"),
    },
    body: new URLSearchParams(fields).toString(),
  };
}

export const twilioReport = ({ ref, to, from, reportUrl }: Text, state: string): Post =>
  post(reportUrl!, {
    SmsSid: ref,
    SmsStatus: state,
    MessageStatus: state,
    To: to,
    From: from,
    MessageSid: ref,
    AccountSid: account,
    ApiVersion: "2010-04-01",
    ...(state === "undelivered" && { ErrorCode: "30003" }),
  });

export const twilioReply = (
  callbackUrl: string,
  { id, from, to, text }: Record<"id" | "from" | "to" | "text", string>,
) =>
  post(callbackUrl, {
    ToCountry: "SE",
    MessageSid: id,
    SmsSid: id,
    SmsMessageSid: id,
    AccountSid: account,
    NumMedia: "0",
    NumSegments: "1",
    SmsStatus: "received",
    From: from,
    To: to,
    Body: text,
    ApiVersion: "2010-04-01",
  });
