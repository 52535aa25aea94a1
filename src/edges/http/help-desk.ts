import type { FastifyInstance } from "fastify";
import { listMethods, unlockMethods } from "#actions/factors.ts";
import { issueTap, requireRegistration, resetPassword, revokeDevices, revokeSessions } from "#actions/help-desk.ts";
import { setState } from "#actions/people.ts";
import { revealNumbers } from "#actions/person-shown.ts";
import { resynchroniseMethod } from "#actions/token-resync.ts";
import { helpDeskContract as contract } from "./help-desk-contract.ts";
import { carryOut, type Acts, type Api } from "./keyed.ts";

/** What the help desk does for a person by command, for the program that it works in. */

const acts: Acts<typeof contract> = {
  enableUser: async (deps, actor, input) => await setState(deps, actor, { ...input, state: "enabled" }),
  disableUser: async (deps, actor, input) => await setState(deps, actor, { ...input, state: "disabled" }),
  enforceUser: async (deps, actor, input) => await setState(deps, actor, { ...input, state: "enforced" }),
  issueTap: async (deps, actor, input) => await issueTap(deps, actor, input),
  requireRegistration: async (deps, actor, input) => await requireRegistration(deps, actor, input),
  resetPassword: async (deps, actor, input) => await resetPassword(deps, actor, input),
  revokeSessions: async (deps, actor, input) => await revokeSessions(deps, actor, input),
  revokeDevices: async (deps, actor, input) => await revokeDevices(deps, actor, input),
  unlockMethods: async (deps, actor, input) => await unlockMethods(deps, actor, input),
  resynchroniseMethod: async (deps, actor, input) => await resynchroniseMethod(deps, actor, input),
  revealNumbers: async (deps, actor, input) => await revealNumbers(deps, actor, input),
  listMethods: async (deps, _actor, { username }) => ({
    methods: (await listMethods(deps, username)).map((method) => ({
      id: method.id,
      method: method.method,
      name: method.name,
      sentTo: method.sentTo,
      lockedUntil: method.lockedUntil > deps.clock.now() ? method.lockedUntil : null,
      expiresAt: method.expiresAt,
      createdAt: method.createdAt,
      lastUsedAt: method.lastUsedAt,
    })),
  }),
};

export const helpDeskRoutes = (app: FastifyInstance, api: Api): void => carryOut(app, api, { contract, acts });
