/** The contract's part about whoever carries texts and calls. */

import { z } from "zod";
import { gatewayChannels } from "#actions/gateways-open.ts";
import { none, operation } from "./contract-parts.ts";

const scope = "gateways";
const url = "/api/v1/gateways";
const one = `${url}/:name`;

const name = z.string().min(1).max(100);
const value = z.string().max(10_000);
const params = z.strictObject({ name });
const channel = z.enum(gatewayChannels);

const fields = {
  channel,
  vendor: name,
  name,
  options: z
    .record(z.string(), z.unknown())
    .meta({ description: "As the vendor names them; secrets are not among them." }),
  prefixes: z.array(name).max(300).meta({ description: "Numbers that it is for, such as +46; none: all." }),
  place: z.int().meta({ description: "Its turn among those for the same numbers; the lowest is first." }),
  sender: name.meta({ description: "What people see: a number, or a name." }),
  senders: z.record(z.string(), z.string()).meta({ description: "Another sender, by prefix." }),
};
const gateway = z
  .strictObject({
    ...fields,
    id: z.string(),
    enabled: z.boolean(),
    advice: z.string().optional().meta({ description: "What to do before it is of use." }),
    callbackUrl: z
      .string()
      .meta({ description: "Where the vendor calls back. Whoever knows it could do so in its place." }),
  })
  .meta({ id: "Gateway" });

const step = z.strictObject({
  step: z.string(),
  gateway: z.string().optional(),
  ms: z.int(),
  answer: z.string().optional(),
  problem: z.string().optional(),
});

const figure = z
  .strictObject({
    gateway: z.string(),
    channel: z.string(),
    country: z
      .string()
      .meta({ description: "ISO 3166-1, or the country code where several share it; empty for notifications." }),
    attempts: z.int(),
    sent: z.int(),
    delivered: z.int(),
    used: z.int().meta({ description: "Messages that led to a sign-in." }),
    p50: z.int().nullable().meta({ description: "Milliseconds until half of them were delivered." }),
    p95: z.int().nullable(),
    costMicros: z.int().nullable().meta({ description: "Millionths of the currency, as far as the vendor says." }),
    currency: z.string().nullable(),
  })
  .meta({ id: "TelecomFigure" });

const destination = z
  .strictObject({
    id: z.string().meta({ description: "Two letters (ISO 3166-1), or the beginning of the numbers." }),
    sent: z.int(),
    answered: z.int(),
    blockedAt: z.int().meta({ description: "Epoch milliseconds." }),
  })
  .meta({ id: "Destination" });

export const gatewayContract = {
  listGateways: operation({
    method: "GET",
    url,
    scope,
    operationId: "listGateways",
    summary: "Whoever carries texts and calls, in the order in which they are tried",
    params: none,
    answer: z.strictObject({ gateways: z.array(gateway) }).meta({ id: "Gateways" }),
  }),
  addGateway: operation({
    method: "POST",
    url,
    scope,
    operationId: "addGateway",
    summary: "Send texts or place calls through a vendor",
    params: none,
    body: z
      .strictObject(fields)
      .partial()
      .required({ channel: true, vendor: true, name: true, sender: true })
      .extend({ secrets: z.record(z.string(), value).optional() })
      .meta({ id: "NewGateway" }),
    answer: gateway,
  }),
  enableGateway: operation({
    method: "PATCH",
    url: one,
    scope,
    operationId: "enableGateway",
    summary: "Send through a gateway no more, or again",
    params,
    body: z.strictObject({ enabled: z.boolean() }).meta({ id: "GatewayChanges" }),
    answer: z.strictObject({ name }).meta({ id: "ChangedGateway" }),
  }),
  removeGateway: operation({
    method: "DELETE",
    url: one,
    scope,
    operationId: "removeGateway",
    summary: "Forget a gateway",
    params,
    answer: z.strictObject({ name }).meta({ id: "RemovedGateway" }),
  }),
  testGateways: operation({
    method: "POST",
    url: "/api/v1/gateway-tests",
    scope,
    operationId: "testGateways",
    summary: "Send a text, or place a call, and say what happened and how long it took",
    params: none,
    body: z
      .strictObject({
        channel,
        number: z.string().min(1).max(64),
        gateway: name.optional().meta({ description: "This one alone, even if it is disabled." }),
        waitSeconds: z.int().min(0).max(20).optional().meta({ description: "For the report that it was delivered." }),
      })
      .meta({ id: "GatewayTest" }),
    answer: z.strictObject({ ok: z.boolean(), steps: z.array(step) }).meta({ id: "GatewayTestResult" }),
  }),
  readTelecomFigures: operation({
    method: "GET",
    url: "/api/v1/gateway-figures",
    scope,
    operationId: "readTelecomFigures",
    summary: "What became of the texts, calls and notifications of the last 30 days, by gateway and country",
    params: none,
    answer: z.strictObject({ figures: z.array(figure) }).meta({ id: "TelecomFigures" }),
  }),
  listDestinations: operation({
    method: "GET",
    url: "/api/v1/destinations",
    scope,
    operationId: "listDestinations",
    summary: "Countries and ranges of numbers to which nothing is sent, because hardly anybody answered",
    params: none,
    answer: z.strictObject({ destinations: z.array(destination) }).meta({ id: "Destinations" }),
  }),
  releaseDestination: operation({
    method: "POST",
    url: "/api/v1/destinations/release",
    scope,
    operationId: "releaseDestination",
    summary: "Send to a country or a range of numbers again",
    params: none,
    body: z
      .strictObject({ id: z.string().min(1).max(20), reason: z.string().min(1).max(1000) })
      .meta({ id: "DestinationRelease" }),
    answer: z.strictObject({ id: z.string() }).meta({ id: "ReleasedDestination" }),
  }),
};
