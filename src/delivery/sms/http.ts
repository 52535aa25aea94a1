/**
 * Any vendor whose texts are sent by one HTTP request, as an administrator describes it. In address, headers and body
 * {to} {digits} {from} {text} {id} stand for the message and {secret} {basic} for the secret. Must stay true: what is put in
 * cannot end a value, a header or a line, however the text looks.
 */

import { z } from "zod";
import { basic, refusal } from "../answer.ts";
import { Undelivered, type TextGateway } from "../gateway.ts";

const encoders = {
  form: encodeURIComponent,
  json: (value: string) => JSON.stringify(value).slice(1, -1),
  header: (value: string) => value.replaceAll(/\p{Cc}/gu, ""),
};
const line = z.string().max(2000);
const options = z.strictObject({
  url: line.startsWith("https://").meta({ title: "Address", help: "Such as https://sms.example.org/send?to={digits}" }),
  method: z.enum(["POST", "GET"]).default("POST").meta({ title: "Method", help: "POST, or GET without a body." }),
  type: z
    .enum(["form", "json"])
    .default("form")
    .meta({ title: "Form", help: "How the body is written: form or json." }),
  body: line.default("to={to}&from={from}&text={text}").meta({ title: "Body", help: "In the form said by type." }),
  headers: line.default("").meta({ title: "Headers", help: "One a line, such as Authorization: Bearer {secret}" }),
  user: line
    .default("")
    .meta({ title: "User", help: "{basic} is this and the secret, as Basic authentication has them." }),
  secret: line.default("").meta({ title: "Secret", help: "{secret} in the others.", secret: true }),
  success: line.default("").meta({ title: "Success", help: "What an answer holds only when it is a yes." }),
  ref: line.default("").meta({ title: "Id", help: "Where the answer's JSON has the vendor's id: messages.0.id" }),
});

export const http: TextGateway<z.output<typeof options>> = {
  id: "http",
  title: "A text gateway that takes one HTTP request",
  options,
  async send({ options: o, ask }, { id, to, from, text, signal }) {
    const values = { to, digits: to.slice(1), from, text, id, secret: o.secret, basic: basic(o.user, o.secret) };
    const fill = (template: string, as: keyof typeof encoders) =>
      template.replaceAll(/\{(\w+)\}/g, (whole, name: keyof typeof values) =>
        Object.hasOwn(values, name) ? encoders[as](values[name]) : whole,
      );
    const lines = o.headers.split("\n").filter((one) => one.includes(":"));
    const named = lines.map((one) => [one.split(":")[0]!.trim().toLowerCase(), one.slice(one.indexOf(":") + 1).trim()]);
    const headers = Object.fromEntries(named.map(([name, value]) => [name, fill(value!, "header")]));
    const type = o.type === "json" ? "application/json" : "application/x-www-form-urlencoded";
    const body = o.method === "GET" ? {} : { body: fill(o.body, o.type) };
    const url = fill(o.url, "form");
    const answer = await ask({ method: o.method, url, headers: { "content-type": type, ...headers }, ...body, signal });
    if (answer.status < 200 || answer.status > 299) throw refusal(answer.status);
    if (!answer.body.includes(o.success))
      throw new Undelivered("the answer says no", { sure: true, messageOnly: true });
    return { ref: o.ref === "" ? id : idIn(answer.body, o.ref) };
  },
};

function idIn(body: string, path: string): string {
  try {
    let value: unknown = JSON.parse(body);
    for (const key of path.split(".")) value = (value as Record<string, unknown>)[key];
    if (typeof value === "string" || typeof value === "number") return String(value);
  } catch {}
  throw new Undelivered("the answer has no id where it should", { sure: false });
}
