/**
 * Signing in, page by page. Every form posts, is carried out, and leads back to the page of the sign-in as it stands then, so
 * that reloading and the back button do nothing twice. Must stay true: no route here decides; each calls one action.
 */

import formbody from "@fastify/formbody";
import cookie from "@fastify/cookie";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "#core/errors.ts";
import type { Open } from "#core/outcome.ts";
import { satisfies } from "#core/strength.ts";
import type { Deps } from "#actions/deps.ts";
import { beginReset, giveMailedCode, mayReset } from "#actions/password-reset.ts";
import { choosePin } from "#actions/new-pin.ts";
import { choosePassword } from "#actions/new-password.ts";
import { collectApp } from "#actions/registering-app.ts";
import { collectPhone } from "#actions/registering-phone.ts";
import {
  answerStep,
  beginStep,
  collectStep,
  givePasskey,
  givePassword,
  next,
  startSignIn,
  type Done,
  type From,
  type Step,
} from "#actions/sign-in.ts";
import { findEnded, findFlow, type Flow, type FlowKey } from "#actions/sign-in-flow.ts";
import { findWayBack, owesRegistration } from "#actions/registration-requests.ts";
import { endSessions, findSession, newToken } from "#actions/sessions.ts";
import { isOwn } from "../http/own-origin.ts";
import { signInAssets } from "./assets.ts";
import { cookiesFor, type Cookies } from "./cookies.ts";
import { sendErrorPage, type PageErrorName } from "./errors.ts";
import { limitCrowd } from "./crowding.ts";
import { serverPagePolicy } from "../http/headers.ts";
import { page, type Look, type Page } from "./layout.ts";
import { keepLanguage, lookOf } from "./look.ts";
import { forgotPage, mailedCodePage } from "./forgot.ts";
import { newPinPage } from "./new-pin.ts";
import { newPasswordPage } from "./new-password.ts";
import { signInForm, stepForm } from "./passkeys.ts";
import { registerPage } from "./register.ts";
import { registerForms, type Act, type Define } from "./register-forms.ts";
import { html } from "./html.ts";
import { waitPage, waitingRoute } from "./waiting.ts";
import { appAway, otherOptions } from "#actions/sign-in-options.ts";
import { resyncStep } from "#actions/resyncing.ts";
import { isResyncing, resyncPage } from "./resync.ts";
import { appNote, codePage, endedPage, namePage, otherPage, passkeyPage, submit } from "./steps.ts";

export type SignInOptions = { publicUrl: string; stopping: AbortSignal; ready: () => boolean };
type Around = { deps: Deps; cookies: Cookies; publicUrl: string };

export function signInRoutes(app: FastifyInstance, deps: Deps, { publicUrl, stopping, ready }: SignInOptions): void {
  const cookies = cookiesFor(publicUrl, () => newToken(deps));
  const around: Around = { deps, cookies, publicUrl };
  app.register(async (scope) => {
    await scope.register(cookie);
    await scope.register(formbody, { bodyLimit: 65_536 });
    limitCrowd(scope, around, ({ routeOptions }) => routeOptions.url?.startsWith("/assets/") === false);
    scope.addHook("onRequest", async (request, reply) => {
      reply.header("content-security-policy", serverPagePolicy([]));
      keepLanguage(cookies, request, reply);
      if (request.method === "POST" && !isOwn(request, publicUrl))
        return await failed(around, { request, reply }, "foreign_form");
      // nothing is carried out while the clock or the database is not right
      if (request.method === "POST" && !ready()) return await failed(around, { request, reply }, "unavailable");
      return undefined;
    });
    scope.setErrorHandler(async (error, request, reply) => await answerError(around, error, { request, reply }));
    signInAssets(scope);
    pageRoutes(scope, around);
    waitingRoute(scope, { deps, cookies, stopping });
    formRoutes(scope, around);
    scope.get("/sign-out", async (request, reply) =>
      send(around, { request, reply }, signOutPage(lookOf(around, request))),
    );
    scope.post("/sign-out", async (request, reply) => await signOut(around, { request, reply }));
  });
}

type Exchange = { request: FastifyRequest; reply: FastifyReply };

function send(around: Around, { request, reply }: Exchange, shown: Page, look?: Look): FastifyReply {
  return reply.type("text/html; charset=utf-8").send(page(look ?? lookOf(around, request), shown));
}

async function failed(around: Around, { request, reply }: Exchange, name: PageErrorName, flow?: Flow) {
  const ids = { at: around.deps.clock.now(), userId: flow?.person?.id, correlationId: flow?.correlationId };
  return sendErrorPage({ deps: around.deps, request, reply, look: lookOf(around, request, flow?.person) }, name, ids);
}

async function answerError(around: Around, error: unknown, exchange: Exchange): Promise<FastifyReply> {
  const { code } = error as { code?: unknown };
  const framework = typeof code === "string" && code.startsWith("FST_ERR_");
  if (error instanceof z.ZodError || framework) return await failed(around, exchange, "bad_request");
  const reason = error instanceof Error ? error.message : "unknown";
  around.deps.log.error("a page could not be answered", { correlationId: exchange.request.id, reason });
  return await failed(
    around,
    exchange,
    error instanceof AppError && error.code === "busy" ? "too_many_requests" : "unavailable",
  );
}

const flowId = z.string().regex(/^sgn_[\w-]{22}$/);

function pageRoutes(scope: FastifyInstance, around: Around): void {
  const { deps, cookies } = around;
  const query = z.object({
    flow: flowId.optional(),
    other: z.literal("1").optional(),
    resync: z.enum(["0", "1"]).optional(),
    returnTo: z.string().max(2048).default("/account"),
  });
  scope.get("/sign-in/forgot", async (request, reply) => await forgotten(around, { request, reply }));
  scope.get("/sign-in", async (request, reply) => {
    const { flow: id, other, resync, returnTo } = query.parse(request.query);
    if (id === undefined) return await startAtHome(around, { request, reply }, returnTo);
    const browser = cookies.read(request, "browser");
    if (browser === undefined) return await failed(around, { request, reply }, "cookie_missing");
    const flow = await findFlow(deps, { id, browser });
    if (!flow) return await comeBack(around, { request, reply }, { id, browser });
    if (flow.stopped) return await failed(around, { request, reply }, flow.stopped, flow);
    const look = lookOf(around, request, flow.person);
    reply.header("content-security-policy", serverPagePolicy(flow.targets ?? []));
    const stepNow = await stepPage(deps, look, { flow, other: other !== undefined, resync });
    return stepNow
      ? send(around, { request, reply }, stepNow, look)
      : await beginAgain(around, { request, reply }, flow);
  });
}

/** The password is forgotten: whose is it? */
async function forgotten(around: Around, { request, reply }: Exchange) {
  const { deps, cookies } = around;
  const { flow: id } = z.object({ flow: flowId }).parse(request.query);
  const browser = cookies.read(request, "browser");
  if (browser === undefined) return await failed(around, { request, reply }, "cookie_missing");
  const flow = await findFlow(deps, { id, browser });
  if (!flow || flow.stopped) return await failed(around, { request, reply }, "flow_expired");
  if (flow.person || !mayReset(deps)) return reply.redirect(`/sign-in?flow=${id}`, 303);
  return send(around, { request, reply }, forgotPage(lookOf(around, request), flow));
}

/** Who comes back to a sign-in that has ended well goes where it led: a press too many, or the back button. */
async function comeBack(around: Around, exchange: Exchange, key: FlowKey) {
  const { request, reply } = exchange;
  const ended = await findEnded(around.deps, key);
  const session = ended && (await findSession(around.deps, around.cookies.read(request, "session")));
  if (ended && session?.userId === ended.userId) return reply.redirect(ended.returnTo, 303);
  return await failed(around, exchange, "flow_expired");
}

const firstPage = async (deps: Deps, look: Look, flow: Flow): Promise<Page> =>
  flow.resetting ? mailedCodePage(look, flow) : namePage(look, flow, await signInForm(deps, look, flow));

async function openPage(deps: Deps, look: Look, flow: Flow & { open: Open }): Promise<Page> {
  const { kind, method } = flow.open.prompt;
  if (kind === "wait") return await waitPage(deps, look, flow);
  if (method === "passkey") return passkeyPage(look, flow, await stepForm(deps, look, flow));
  return codePage(look, flow, { now: deps.clock.now(), note: appNote(look, await appAway(deps, flow)) });
}

/** The page of the step that is next; undefined when the second step has yet to be asked for. */
async function stepPage(
  deps: Deps,
  look: Look,
  { flow, other, resync }: { flow: Flow; other: boolean; resync: "0" | "1" | undefined },
): Promise<Page | undefined> {
  if (!flow.person) return await firstPage(deps, look, flow);
  if (flow.pinOver) return newPinPage(look, flow);
  if (flow.open && other && flow.open.prompt.others.length > 0) return otherPage(look, flow);
  if (isResyncing(flow, resync)) return resyncPage(look, flow);
  if (flow.open) return await openPage(deps, look, { ...flow, open: flow.open });
  if (flow.registering) return await registerPage(deps, look, flow);
  if (flow.choosing) return newPasswordPage(look, flow);
  if (!flow.problem) return undefined;
  const note = appNote(look, await appAway(deps, flow));
  return endedPage(look, flow, { others: await otherOptions(deps, flow), note });
}

/** Someone who is known from a session goes on with what is missing at once. */
async function beginAgain(around: Around, exchange: Exchange, flow: Flow) {
  return await go(around, exchange, await next(around.deps, flow, fromOf(around, exchange.request)));
}

/** Without an application's request the sign-in leads to the account's own page, or on to where who sent the person wants. */
async function startAtHome(around: Around, { request, reply }: Exchange, returnTo: string) {
  const { deps, cookies } = around;
  const way = await findWayBack(deps, returnTo);
  if (!way) return await failed(around, { request, reply }, "redirect_unregistered");
  const need = { strength: "mfa" as const, notBefore: 0 };
  const session = await findSession(deps, cookies.read(request, "session"));
  if (session && satisfies(session, need) && !(await owesRegistration(deps, session.userId)))
    return reply.redirect(returnTo, 303);
  const application = { id: "account", name: deps.settings.values()["organisation.name"] };
  const browser = cookies.browser(request, reply);
  const { path } = await startSignIn(deps, { browser, session, application, need, returnTo, ...way });
  return reply.redirect(path, 303);
}

const fromOf = ({ cookies }: Around, request: FastifyRequest): From => ({
  clientIp: request.clientIp,
  userAgent: request.headers["user-agent"],
  device: cookies.read(request, "device"),
});

const remember = { remember: z.literal("yes").optional() };

function formRoutes(scope: FastifyInstance, around: Around): void {
  const { deps, cookies } = around;
  const define = (path: string, fields: Record<string, z.ZodType<string | undefined>>, act: Act) => {
    const schema = z.strictObject({ flow: flowId, ...fields });
    scope.post(path, async (request, reply) => {
      const { flow: id, ...body } = schema.parse(request.body);
      const browser = cookies.read(request, "browser");
      if (browser === undefined) return await failed(around, { request, reply }, "cookie_missing");
      const flow = await findFlow(deps, { id, browser });
      if (!flow || flow.stopped) return await failed(around, { request, reply }, "flow_expired");
      const acted = await once(
        flow,
        async () => await act(flow, body as Record<string, string>, fromOf(around, request)),
      );
      return await go(around, { request, reply }, acted);
    });
  };
  const short = z.string().max(64);
  const password = { username: z.string().max(256), password: z.string().max(1024) };
  define("/sign-in/password", password, async (flow, body, from) =>
    flow.person
      ? { flow }
      : await givePassword(deps, unasked(flow), { username: body["username"]!, password: body["password"]!, ...from }),
  );
  define(
    "/sign-in/code",
    { code: short, ...remember },
    async (flow, body, from) =>
      // a lone digit would choose another method, which has its own form
      await answerStep(deps, flow, {
        response: /^\s*\d\s*$/.test(body["code"]!) ? "-" : body["code"]!,
        remember: body["remember"] === "yes",
        ...from,
      }),
  );
  define("/sign-in/passkey", { passkey: z.string().max(8192) }, async (flow, { passkey }, from) =>
    flow.registering
      ? { flow }
      : await givePasskey(deps, flow.person ? flow : unasked(flow), { response: passkey!, ...from }),
  );
  wayForms(define, deps);
  // the name is there for the browser's own keeper of passwords
  const chosen = { username: z.string().max(256), password: z.string().max(256), again: z.string().max(256) };
  define("/sign-in/new-password", chosen, async (flow, { password: one, again }, from) =>
    flow.choosing ? await choosePassword(deps, flow, { password: one!, again: again!, ...from }) : { flow },
  );
  const pins = { pin: z.string().max(64), again: z.string().max(64) };
  define("/sign-in/new-pin", pins, async (flow, { pin, again }, from) =>
    flow.pinOver && flow.person ? await choosePin(deps, flow, { pin: pin!, again: again!, ...from }) : { flow },
  );
  registerForms(define, deps);
  forgotForms(define, deps);
}

/** Which way it goes: with another method, on with what the phone has said, or once more. */
function wayForms(define: Define, deps: Deps): void {
  define(
    "/sign-in/other",
    { digit: z.string().regex(/^[1-9]$/) },
    async (flow, { digit }, from) => await answerStep(deps, flow, { response: digit!, ...from }),
  );
  const code = z.string().max(64);
  define(
    "/sign-in/resync",
    { first: code, second: code },
    async (flow, { first, second }) => await resyncStep(deps, flow, [first!, second!]),
  );
  define("/sign-in/waiting", remember, async (flow, body, from) =>
    flow.registering
      ? await (flow.registering.activation === undefined ? collectPhone(deps, flow, from) : collectApp(deps, flow))
      : await collectStep(deps, flow, { remember: body["remember"] === "yes", ...from }),
  );
  define("/sign-in/again", { method: z.string().max(20).optional() }, async (flow, { method }, from) =>
    flow.person && !flow.open && !flow.registering
      ? await beginStep(deps, { ...flow, problem: undefined }, { ...from, ...(method !== undefined && { method }) })
      : { flow },
  );
}

/** Who signs in after all has not forgotten the password. */
const unasked = (flow: Flow): Flow => ({ ...flow, resetting: undefined });

function forgotForms(define: Define, deps: Deps): void {
  define("/sign-in/forgot", { username: z.string().max(256) }, async (flow, { username }, from) =>
    flow.person || !mayReset(deps) ? { flow } : await beginReset(deps, flow, { username: username!, ...from }),
  );
  define("/sign-in/forgot/code", { code: z.string().max(64) }, async (flow, { code }, from) =>
    flow.person || !flow.resetting ? { flow } : await giveMailedCode(deps, flow, { code: code!, ...from }),
  );
}

/** Of two answers to one page the second finds it answered: it is shown how things stand. */
async function once(flow: Flow, act: () => Promise<Step | Flow>): Promise<Step | Flow> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof AppError && error.code === "conflict") return { flow };
    throw error;
  }
}

async function go(around: Around, { reply }: Exchange, acted: Step | Flow): Promise<FastifyReply> {
  if ("done" in acted) {
    enter(around, reply, acted.done);
    return reply.redirect(acted.done.returnTo, 303);
  }
  const flow = "flow" in acted ? acted.flow : acted;
  return reply.redirect(`/sign-in?flow=${flow.id}`, 303);
}

function enter({ cookies }: Around, reply: FastifyReply, { token, device, deviceDays }: Done): void {
  cookies.write(reply, "session", token);
  if (device !== undefined) cookies.write(reply, "device", device, deviceDays * 86_400);
}

/** leaving takes a press of one's own. */
const signOutPage = ({ say }: Look): Page => ({
  title: say("sign_out.title"),
  body: html`<p>${say("sign_out.what")}</p>
    <form method="post" action="/sign-out">${submit(say("sign_out.do"))}</form>`,
});

async function signOut(around: Around, { request, reply }: Exchange) {
  const session = await findSession(around.deps, around.cookies.read(request, "session"));
  if (session) await endSessions(around.deps, `person:${session.userId}`, { userId: session.userId, only: session.id });
  around.cookies.clear(reply, "session");
  return reply.header("clear-site-data", '"cache", "storage"').redirect("/sign-in", 303);
}
