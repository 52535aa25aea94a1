/** The commands about whoever carries texts and calls. */

import { z } from "zod";
import { gatewayChannels } from "#actions/gateways-open.ts";
import { listDestinations, releaseDestination } from "#actions/destinations.ts";
import { addGateway, enableGateway, listGateway, readTelecomFigures, removeGateway } from "#actions/gateways.ts";
import { riskKey } from "#actions/risk.ts";
import { testGateways } from "#actions/gateway-test.ts";
import { command, name, text } from "./command.ts";

const channel = z.enum(gatewayChannels);
const named = z.strictObject({ name });

export const gatewayCommands = {
  "gateway add": command({
    input: z.strictObject({
      channel,
      vendor: name,
      name,
      options: z.record(name, text).optional(),
      secrets: z.record(name, text).optional(),
      secret: text.optional(),
      prefixes: z.array(name).optional(),
      place: z.int().optional(),
      sender: name,
      senders: z.record(name, name).optional(),
    }),
    run: async (deps, input) => await addGateway(deps, "cli", input),
  }),
  "gateway list": command({
    input: z.strictObject({}),
    run: async (deps) => ({ gateways: await listGateway(deps) }),
  }),
  "gateway test": command({
    input: z.strictObject({
      channel,
      number: name,
      gateway: name.optional(),
      waitSeconds: z.int().max(120).optional(),
    }),
    run: async (deps, input) => await testGateways(deps, "cli", input),
  }),
  "gateway enable": command({
    input: named,
    run: async (deps, input) => await enableGateway(deps, "cli", { ...input, enabled: true }),
  }),
  "gateway disable": command({
    input: named,
    run: async (deps, input) => await enableGateway(deps, "cli", { ...input, enabled: false }),
  }),
  "gateway remove": command({
    input: named,
    run: async (deps, input) => await removeGateway(deps, "cli", input.name),
  }),
  "gateway figures": command({
    input: z.strictObject({ since: z.int().optional() }),
    run: async (deps, input) => ({ figures: await readTelecomFigures(deps, input.since) }),
  }),
  "gateway destinations": command({
    input: z.strictObject({}),
    run: async (deps) => ({ destinations: await listDestinations(deps) }),
  }),
  "gateway release": command({
    input: z.strictObject({ id: name, reason: z.string().min(1).max(1000) }),
    run: async (deps, input) => await releaseDestination(deps, "cli", input),
  }),
  "gateway risk-key": command({
    input: z.strictObject({}),
    run: async (deps) => ({ key: riskKey(deps) }),
  }),
};
