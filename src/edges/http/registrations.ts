import type { FastifyInstance } from "fastify";
import { readRegistration, requestRegistration } from "#actions/registration-requests.ts";
import { carryOut, type Acts, type Api } from "./keyed.ts";
import { registrationContract as contract } from "./registrations-contract.ts";

/** Integrations that enrol devices ask here that a person registers a method first. */

const acts: Acts<typeof contract> = {
  askToRegister: async (deps, actor, input) => await requestRegistration(deps, actor, input),
  readRegistration: async (deps, _actor, { username }) => await readRegistration(deps, username),
};

export const registrationRoutes = (app: FastifyInstance, api: Api): void => carryOut(app, api, { contract, acts });
