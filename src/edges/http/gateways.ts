import type { FastifyInstance } from "fastify";
import { listDestinations, releaseDestination } from "#actions/destinations.ts";
import { addGateway, enableGateway, listGateway, readTelecomFigures, removeGateway } from "#actions/gateways.ts";
import { testGateways } from "#actions/gateway-test.ts";
import { gatewayContract as contract } from "./gateways-contract.ts";
import { carryOut, type Acts, type Api } from "./keyed.ts";

/** Whoever carries texts and calls, as whatever sets them up and watches them asks for it. */

const acts: Acts<typeof contract> = {
  listGateways: async (deps) => ({ gateways: await listGateway(deps) }),
  addGateway: async (deps, actor, input) => await addGateway(deps, actor, input),
  enableGateway: async (deps, actor, input) => await enableGateway(deps, actor, input),
  removeGateway: async (deps, actor, { name }) => await removeGateway(deps, actor, name),
  testGateways: async (deps, actor, input) => await testGateways(deps, actor, input),
  readTelecomFigures: async (deps) => ({ figures: await readTelecomFigures(deps) }),
  listDestinations: async (deps) => ({ destinations: await listDestinations(deps) }),
  releaseDestination: async (deps, actor, input) => await releaseDestination(deps, actor, input),
};

export const gatewayRoutes = (app: FastifyInstance, api: Api): void => carryOut(app, api, { contract, acts });
