/**
 * A person's own account: its page, and the routes that the page calls. Must stay true: each route calls one action and
 * decides nothing; who may call it is access.ts's.
 */

import cookie from "@fastify/cookie";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { AppError } from "#core/errors.ts";
import type { Deps } from "#actions/deps.ts";
import {
  changeOwnPassword,
  describeAccount,
  listOwnSignIns,
  renewRecoveryCodes,
  setLanguage,
  type PasswordRefusal,
  type SignIn,
} from "#actions/me-account.ts";
import { csrfOf, findOwn, startConfirming } from "#actions/me-access.ts";
import {
  checkCalls,
  listOwnMethods,
  removeBackup,
  removeOwn,
  renameOwn,
  reportFound,
  reportLost,
  resyncToken,
  setFirst,
  type By,
} from "#actions/me-methods.ts";
import { blockOwnApp, listOwnApps, removeOwnApp, renameOwnApp } from "#actions/me-apps.ts";
import { chooseOwnPin } from "#actions/pins.ts";
import { endSessions, forgetDevices, listDevices, listSessions, newToken } from "#actions/sessions.ts";
import { parseBody } from "../http/json.ts";
import { pageRoute } from "../http/pages.ts";
import { cookiesFor } from "../sign-in/cookies.ts";
import { guardAll, refuse, sectionPath, type Own } from "./access.ts";
import { ownContract as contract } from "./contract.ts";
import { outcomeOf, reasonOf } from "./history.ts";

export type MeOptions = { publicUrl: string; webDist: URL };

export function meRoutes(app: FastifyInstance, deps: Deps, { publicUrl, webDist }: MeOptions): void {
  const own: Own = { deps, publicUrl, cookies: cookiesFor(publicUrl, () => newToken(deps)) };
  app.register(async (scope) => {
    await scope.register(cookie);
    pageRoute(scope, deps, {
      path: "/account",
      file: new URL("account/index.html", webDist),
      guard: async (request, reply) =>
        (await findOwn(deps, own.cookies.read(request, "session"))) ? undefined : reply.redirect("/sign-in", 303),
    });
    scope.register(async (api) => {
      readJson(api);
      guardAll(api, own);
      const typed = api.withTypeProvider<ZodTypeProvider>();
      accountRoutes(typed, own);
      methodRoutes(typed, own);
      backupRoutes(typed, own);
      appRoutes(typed, own);
      browserRoutes(typed, own);
    });
  });
}

type Typed = ReturnType<typeof typedOf>;
const typedOf = (app: FastifyInstance) => app.withTypeProvider<ZodTypeProvider>();

function readJson(api: FastifyInstance): void {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, parseBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

const by = (request: FastifyRequest): By => ({ session: request.me, clientIp: request.clientIp });
const done = (reply: FastifyReply) => reply.code(204).send();

function accountRoutes(app: Typed, { deps }: Own): void {
  app.route({
    ...contract.readMe,
    handler: async ({ me }) => ({ ...(await describeAccount(deps, me)), csrf: csrfOf(deps, me) }),
  });
  app.route({
    ...contract.listHistory,
    handler: async ({ me, query }) => {
      const { signIns, next } = await listOwnSignIns(deps, me, query.before);
      return { signIns: signIns.map(shown), next };
    },
  });
  app.route({
    ...contract.setLanguage,
    handler: async ({ me, body }, reply) => {
      await setLanguage(deps, me, body.language);
      return done(reply);
    },
  });
  app.route({ ...contract.confirm, handler: async (_request, reply) => done(reply) });
  app.route({
    ...contract.changePassword,
    handler: async (request, reply) => {
      const refused = await changeOwnPassword(deps, by(request), request.body);
      return refused ? refuse(reply, passwordStatus[refused], { reason: refused }) : done(reply);
    },
  });
  app.route({
    ...contract.choosePin,
    handler: async ({ me, body }, reply) => {
      const fault = await chooseOwnPin(deps, me.userId, body.pin);
      return fault ? refuse(reply, 400, { reason: `pin_${fault}` }) : done(reply);
    },
  });
  app.route({
    ...contract.renewCodes,
    handler: async (request) => ({ codes: await renewRecoveryCodes(deps, by(request)) }),
  });
}

const resyncStatus = { not_in_a_row: 409, throttled: 429 } as const;

const passwordStatus: Record<PasswordRefusal, 400 | 429 | 503> = {
  short: 400,
  long: 400,
  name: 400,
  common: 400,
  wrong_password: 400,
  no_password: 400,
  throttled: 429,
  unavailable: 503,
};

const shown = ({ id, at, application, method, clientIp, ...signIn }: SignIn) => ({
  id,
  at,
  application,
  method,
  clientIp,
  outcome: outcomeOf(signIn),
  reason: reasonOf(signIn),
});

function methodRoutes(app: Typed, { deps, cookies }: Own): void {
  app.route({
    ...contract.listMethods,
    handler: async ({ me }) => ({ methods: await listOwnMethods(deps, me.userId) }),
  });
  app.route({
    ...contract.addMethod,
    handler: async (request, reply) => {
      const browser = cookies.browser(request, reply);
      const returnTo = sectionPath("methods");
      const { path } = await startConfirming(deps, { session: request.me, browser, returnTo, adding: true });
      return { location: path };
    },
  });
  app.route({
    ...contract.renameMethod,
    handler: async (request, reply) => {
      await renameOwn(deps, by(request), { id: request.params.id, name: request.body.name });
      return done(reply);
    },
  });
  app.route({
    ...contract.removeMethod,
    handler: async (request, reply) => {
      const reason = await removeOwn(deps, by(request), request.params.id);
      return reason ? refuse(reply, 409, { reason }) : done(reply);
    },
  });
  app.route({
    ...contract.loseMethod,
    handler: async (request, reply) => {
      const reason = await reportLost(deps, by(request), request.params.id);
      return reason ? refuse(reply, 409, { reason }) : done(reply);
    },
  });
  app.route({
    ...contract.findMethod,
    handler: async (request, reply) => {
      await reportFound(deps, by(request), request.params.id);
      return done(reply);
    },
  });
  app.route({
    ...contract.resyncMethod,
    handler: async (request, reply) => {
      const refused = await resyncToken(deps, by(request), { id: request.params.id, codes: request.body.codes });
      return refused ? refuse(reply, resyncStatus[refused], { reason: refused }) : done(reply);
    },
  });
  app.route({
    ...contract.setFirst,
    handler: async (request, reply) => {
      await setFirst(deps, by(request), request.body.kind);
      return done(reply);
    },
  });
}

function backupRoutes(app: Typed, { deps, cookies }: Own): void {
  app.route({
    ...contract.addBackup,
    handler: async (request, reply) => {
      const { id: backupOf } = request.params;
      await checkCalls(deps, by(request), backupOf);
      const browser = cookies.browser(request, reply);
      const returnTo = sectionPath("methods");
      const { path } = await startConfirming(deps, { session: request.me, browser, returnTo, adding: true, backupOf });
      return { location: path };
    },
  });
  app.route({
    ...contract.removeBackup,
    handler: async (request, reply) => {
      await removeBackup(deps, by(request), request.params.id);
      return done(reply);
    },
  });
}

function appRoutes(app: Typed, { deps }: Own): void {
  app.route({ ...contract.listApps, handler: async ({ me }) => ({ apps: await listOwnApps(deps, me.userId) }) });
  app.route({
    ...contract.renameApp,
    handler: async (request, reply) => {
      await renameOwnApp(deps, by(request), { id: request.params.id, name: request.body.name });
      return done(reply);
    },
  });
  app.route({
    ...contract.removeApp,
    handler: async (request, reply) => {
      const reason = await removeOwnApp(deps, by(request), request.params.id);
      return reason ? refuse(reply, 409, { reason }) : done(reply);
    },
  });
  app.route({
    ...contract.blockApp,
    handler: async (request, reply) => {
      const reason = await blockOwnApp(deps, by(request), request.params.id);
      return reason ? refuse(reply, 409, { reason }) : done(reply);
    },
  });
}

function browserRoutes(app: Typed, { deps }: Own): void {
  const actor = (request: FastifyRequest) => `person:${request.me.userId}` as const;
  app.route({
    ...contract.listSessions,
    handler: async ({ me }) => {
      const sessions = await listSessions(deps, me.userId);
      return {
        sessions: sessions.map(({ id, clientIp, userAgent, createdAt, seenAt }) => {
          return { id, current: id === me.id, clientIp, userAgent, createdAt, seenAt };
        }),
      };
    },
  });
  app.route({
    ...contract.endSessions,
    handler: async (request, reply) => {
      await endSessions(deps, actor(request), { userId: request.me.userId, except: request.me.id });
      return done(reply);
    },
  });
  app.route({
    ...contract.endSession,
    handler: async (request, reply) => {
      const only = request.params.id;
      const { ended } = await endSessions(deps, actor(request), { userId: request.me.userId, only });
      if (ended.length === 0) throw new AppError("not_found");
      return done(reply);
    },
  });
  app.route({
    ...contract.listDevices,
    handler: async ({ me }) => ({ devices: await listDevices(deps, me.userId) }),
  });
  app.route({
    ...contract.forgetDevices,
    handler: async (request, reply) => {
      await forgetDevices(deps, actor(request), { userId: request.me.userId });
      return done(reply);
    },
  });
  app.route({
    ...contract.forgetDevice,
    handler: async (request, reply) => {
      const { forgotten } = await forgetDevices(deps, actor(request), {
        userId: request.me.userId,
        only: request.params.id,
      });
      if (forgotten.length === 0) throw new AppError("not_found");
      return done(reply);
    },
  });
}
