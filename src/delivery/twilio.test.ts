import { expect, test } from "vitest";
import type { Callback } from "./gateway.ts";
import { isTwilioSigned, twilioOptions, twilioSignature } from "./twilio.ts";

const form = (fields: Record<string, string>) => new URLSearchParams(fields);

/** The example of Twilio's own page "Secure webhooks". */
const url = "https://example.com/myapp.php?foo=1&bar=2";
const fields = {
  CallSid: "CA1234567890ABCDE",
  Caller: "+14158675310",
  Digits: "1234",
  From: "+14158675310",
  To: "+18005551212",
};
const token = "12345";

test("the signature is Twilio's, by its published example", () => {
  expect(twilioSignature(token, { url, form: form(fields) })).toBe("L/OH5YylLD5NRKLltdqwSvS0BnU=");
});

test("a callback counts with that signature alone", () => {
  const account = {
    options: twilioOptions.parse({ account: "AC1", token }),
    ask: async () => ({ status: 200, body: "" }),
    callbackUrl: url,
    now: 0,
  };
  const request = (changed: Partial<Callback> = {}): Callback => ({
    method: "POST",
    url,
    headers: { "x-twilio-signature": "L/OH5YylLD5NRKLltdqwSvS0BnU=" },
    body: Buffer.from(form(fields).toString()),
    clientIp: "192.0.2.1",
    ...changed,
  });
  expect(isTwilioSigned(account, request())).toBe(true);
  expect(isTwilioSigned(account, request({ url: `${url}&baz=3` }))).toBe(false);
  expect(isTwilioSigned(account, request({ headers: {} }))).toBe(false);
  expect(isTwilioSigned(account, request({ headers: { "x-twilio-signature": "L/OH5YylLD5NRKLltdqwSvS0BnV=" } }))).toBe(
    false,
  );
  const body = Buffer.from(form({ ...fields, Digits: "9999" }).toString());
  expect(isTwilioSigned(account, request({ body }))).toBe(false);
});
