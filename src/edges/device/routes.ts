/**
 * Authenticator apps: /device/v1 (docs/reference/device-protocol.md). Must stay true: a request is believed for its signature by
 * the device's key alone; no cookie is read or set, and no page of another site may ask.
 */

import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { newCrowd } from "#core/crowd.ts";
import { claimActivation, confirmActivation } from "#actions/activations.ts";
import { authenticateDevice } from "#actions/device-access.ts";
import { decideRequest } from "#actions/decisions.ts";
import { describeDevice, describeServer, findRequest } from "#actions/device-requests.ts";
import { saveUnlock } from "#actions/device-unlock.ts";
import { watchDevice, type DeviceEvent } from "#actions/device-stream.ts";
import { leave, renameItself, saveOwnSubscription, useStream, type Device } from "#actions/devices.ts";
import type { Deps } from "#actions/deps.ts";
import {
  activationBody,
  channelBody,
  confirmBody,
  decisionBody,
  nameBody,
  unlockBody,
  subscriptionBody,
} from "#wire/device/messages.ts";
import { parseBody } from "../http/json.ts";
import { invalid } from "../http/problem.ts";
import { refuseDevice } from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    device: Device;
  }
  interface FastifyContextConfig {
    /** also for a device that has not shown yet that its channel works */
    proving?: true;
  }
}

export type DeviceOptions = { stopping: AbortSignal };
/** A key, a subscription and a signed decision fit many times over. */
const bodyLimit = 16_384;
const base = "/device/v1";

export function deviceRoutes(app: FastifyInstance, deps: Deps, { stopping }: DeviceOptions): void {
  app.register(
    async (scope) => {
      const allow = newCrowd();
      scope.addHook("onRequest", async ({ clientIp }, reply) =>
        allow(clientIp, deps.clock.now()) ? undefined : refuseDevice(deps, reply, "too_many_requests"),
      );
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("application/json", { parseAs: "buffer", bodyLimit }, (_request, body, done) =>
        done(null, body),
      );
      openRoutes(scope, deps);
      scope.register(async (bound) => {
        bindAll(bound, deps);
        boundRoutes(bound, deps, stopping);
        ownRoutes(bound, deps);
      });
    },
    { prefix: base },
  );
}

const bodyOf = ({ body }: FastifyRequest) => (body instanceof Buffer ? body : Buffer.alloc(0));

/** The schema sees what the signed octets hold. */
function read<T>(request: FastifyRequest, schema: z.ZodType<T>): T {
  const result = schema.safeParse(parseBody(bodyOf(request)));
  if (!result.success) throw invalid(result.error);
  return result.data;
}

function openRoutes(app: FastifyInstance, deps: Deps): void {
  app.get("/server", () => describeServer(deps));
  app.post("/activations", async (request, reply) => {
    const claimed = await claimActivation(deps, { ...read(request, activationBody), clientIp: request.clientIp });
    return "refused" in claimed ? refuseDevice(deps, reply, claimed.refused) : reply.code(201).send(claimed);
  });
}

function bindAll(scope: FastifyInstance, deps: Deps): void {
  scope.decorateRequest("device");
  scope.addHook("preHandler", async (request, reply) => {
    const { clientIp, headers } = request;
    const { method = "", url: path = "" } = request.raw;
    const signed = { authorization: headers.authorization, method, path, body: bodyOf(request), clientIp };
    const known = await authenticateDevice(deps, signed);
    if ("refused" in known) return refuseDevice(deps, reply, known.refused);
    if (known.device.state === "proving" && !request.routeOptions.config.proving)
      return refuseDevice(deps, reply, "device_not_activated");
    request.device = known.device;
    return undefined;
  });
}

type One = { Params: { id: string } };
const done = (reply: FastifyReply) => reply.code(204).send();
const whileProving = { config: { proving: true } } as const;

function boundRoutes(app: FastifyInstance, deps: Deps, stopping: AbortSignal): void {
  app.post("/activations/confirm", whileProving, async (request, reply) => {
    const confirmed = await confirmActivation(deps, request.device, read(request, confirmBody).proof);
    return confirmed ? done(reply) : refuseDevice(deps, reply, "activation_refused");
  });
  app.post("/activations/channel", whileProving, async (request, reply) => {
    read(request, channelBody);
    await useStream(deps, request.device);
    return done(reply);
  });
  app.get("/requests", whileProving, async ({ device }) => await describeDevice(deps, device));
  app.get<One>("/requests/:id", async ({ device, params }, reply) => {
    return (await findRequest(deps, device, params.id)) ?? refuseDevice(deps, reply, "request_over");
  });
  app.post<One>("/requests/:id/decision", async (request, reply) => {
    const { device, params, clientIp } = request;
    const { decision } = read(request, decisionBody);
    const decided = await decideRequest(deps, device, { challengeId: params.id, decision, clientIp });
    return "refused" in decided ? refuseDevice(deps, reply, decided.refused) : decided;
  });
  app.get("/events", whileProving, ({ device }, reply) => {
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const events = written(watchDevice(deps, device, AbortSignal.any([stopping, gone.signal])));
    return reply.type("text/event-stream").send(Readable.from(events, { objectMode: false }));
  });
}

/** What a device says of itself. */
function ownRoutes(app: FastifyInstance, deps: Deps): void {
  app.put("/subscription", whileProving, async (request, reply) => {
    await saveOwnSubscription(deps, request.device, read(request, subscriptionBody).subscription);
    return done(reply);
  });
  app.put("/unlock", async (request, reply) => {
    const saved = await saveUnlock(deps, request.device, read(request, unlockBody).attestation);
    return saved ? done(reply) : refuseDevice(deps, reply, "bad_unlock");
  });
  app.post("/name", async (request, reply) => {
    await renameItself(deps, request.device, read(request, nameBody).name);
    return done(reply);
  });
  app.delete("/", whileProving, async ({ device, clientIp }, reply) => {
    await leave(deps, device, clientIp);
    return done(reply);
  });
}

async function* written(events: AsyncGenerator<DeviceEvent>): AsyncGenerator<string> {
  yield "retry: 2000\n\n";
  for await (const one of events) {
    if (one === "alive") {
      yield ":\n\n";
      continue;
    }
    const { event, ...data } = one;
    yield `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
