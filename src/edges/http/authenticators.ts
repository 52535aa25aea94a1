import type { FastifyInstance } from "fastify";
import { inviteByName } from "#actions/activations.ts";
import { blockDevice, listDevices, removeDevice, unblockDevice } from "#actions/devices.ts";
import { listUnactivated } from "#actions/stray-devices.ts";
import { authenticatorsContract as contract } from "./authenticators-contract.ts";
import { carryOut, type Acts, type Api } from "./keyed.ts";

/** Authenticator apps, for the program that the help desk works in. */

const acts: Acts<typeof contract> = {
  inviteAuthenticator: async (deps, actor, input) => await inviteByName(deps, actor, input),
  listAuthenticators: async (deps, _actor, { username }) => ({ devices: await listDevices(deps, username) }),
  listUnactivatedAuthenticators: async (deps, _actor, { limit = "100" }) =>
    await listUnactivated(deps, { limit: Number(limit) }),
  removeAuthenticator: async (deps, actor, input) => await removeDevice(deps, actor, input),
  blockAuthenticator: async (deps, actor, input) => await blockDevice(deps, actor, input),
  unblockAuthenticator: async (deps, actor, input) => await unblockDevice(deps, actor, input),
};

export const authenticatorApiRoutes = (app: FastifyInstance, api: Api): void => carryOut(app, api, { contract, acts });
