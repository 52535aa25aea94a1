import type { FastifyInstance } from "fastify";
import {
  addApplication,
  listApplications,
  loadApplication,
  removeApplication,
  setApplication,
} from "#actions/applications.ts";
import { applicationContract as contract } from "./applications-contract.ts";
import { carryOut, type Acts, type Api } from "./keyed.ts";

/** Applications that sign people in with OpenID Connect, as whatever sets them up registers them. */

const acts: Acts<typeof contract> = {
  listApplications: async (deps) => ({ applications: await listApplications(deps) }),
  addApplication: async (deps, actor, input) => await addApplication(deps, actor, input),
  readApplication: async (deps, _actor, { name }) => await loadApplication(deps, name),
  changeApplication: async (deps, actor, input) => await setApplication(deps, actor, input),
  removeApplication: async (deps, actor, { name }) => {
    await removeApplication(deps, actor, name);
    return { name };
  },
};

export const applicationRoutes = (app: FastifyInstance, api: Api): void => carryOut(app, api, { contract, acts });
