// A person's own account on a world of its own: sessions that are opened for them, and every route as a page calls it.
import { afterEach, beforeEach } from "vitest";
import { deliverDue } from "#actions/deliver.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { openSession, rememberDevice } from "#actions/sessions.ts";
import type { Proof } from "#core/strength.ts";
import { ownContract } from "#edges/me/contract.ts";
import { serveHttp, type HttpServer } from "#edges/http/server.ts";
import { world, type Kind, type World } from "../support/world.ts";

export type Session = { id: string; token: string; csrf: string };
type Asked = { body?: object; session?: Session | undefined; headers?: Record<string, string> };
type Answer = { status: number; body: Record<string, unknown>; headers: Headers };
export type RouteName = keyof typeof ownContract;
type Method = {
  id: string;
  kind: string;
  name: string | null;
  state: string;
  first: boolean;
  number: string | null;
  serial: string | null;
};
export const password = "a sentence to remember";
export const next = "another sentence of mine";

/** What each route is sent when it is to work. */
export const bodies: Partial<Record<RouteName, object>> = {
  addMethod: {},
  renameMethod: { name: "Work phone" },
  loseMethod: {},
  findMethod: {},
  resyncMethod: { codes: ["123456", "654321"] },
  setFirst: { kind: "sms" },
  setLanguage: { language: "sv" },
  confirm: {},
  changePassword: { current: password, next },
  renewCodes: {},
  addBackup: {},
  renameApp: { name: "Work phone" },
  blockApp: {},
  choosePin: { pin: "8264" },
};
export const routes = Object.entries(ownContract) as [RouteName, (typeof ownContract)["readMe"]][];
export const changes = routes.filter(([, { method }]) => (method as string) !== "GET");

/** For each test a new world with Eva in it; stopped and removed after it. */
export function ownWorld(kind: Kind) {
  let server: HttpServer;
  const h = { ask, signIn, methods, idOf, mails, remembered, call, url } as {
    w: World;
    eva: Awaited<ReturnType<World["person"]>>;
    ask: typeof ask;
    signIn: typeof signIn;
    methods: typeof methods;
    idOf: typeof idOf;
    mails: typeof mails;
    remembered: typeof remembered;
    call: typeof call;
    url: typeof url;
  };
  beforeEach(async () => {
    h.w = await world({ kind });
    server = await serveHttp(h.w.deps, {
      people: { host: "127.0.0.1", port: 0 },
      internal: undefined,
      publicUrl: "http://localhost:8080",
      ready: () => true,
      trustedProxies: [],
      reasons: () => [],
      metrics: async () => "",
      webDist: new URL("../../web/dist/", import.meta.url),
    });
    const passwordHash = await newPasswordHash(h.w.deps, password);
    h.eva = await h.w.person({ username: "eva", phone: "+46701234567", passwordHash });
  });
  afterEach(async () => {
    await server.stop();
    await h.w.close();
  });

  function url(): string {
    return `http://127.0.0.1:${server.people!.port}`;
  }
  async function ask(method: string, target: string, { body, session, headers }: Asked = {}): Promise<Answer> {
    const response = await fetch(`${url()}${target}`, {
      method,
      redirect: "manual",
      headers: {
        ...(session && { cookie: `countersign=${session.token}`, "x-countersign-csrf": session.csrf }),
        ...(body && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, body: json ? (JSON.parse(text) as never) : {} };
  }

  async function signIn(userId = h.eva.id, ago = 0, proven = ["totp"]): Promise<Session> {
    const at = h.w.clock.at - ago;
    const proofs = proven.map((method): Proof => ({ method, at, userVerified: false }));
    const opened = { userId, proven: { passwordAt: at, proofs, rememberedAt: null } };
    const browser = { clientIp: "192.0.2.7", userAgent: "Test" };
    const { deps } = h.w;
    const { id, token } = await deps.db.transaction((run) => openSession(deps, run, { ...opened, browser }));
    const { body } = await ask("GET", "/api/v1/me", { session: { id, token, csrf: "" } });
    return { id, token, csrf: String(body["csrf"]) };
  }

  async function methods(session: Session): Promise<Method[]> {
    return (await ask("GET", "/api/v1/me/methods", { session })).body["methods"] as Method[];
  }
  async function idOf(session: Session, kindOf: string): Promise<string> {
    return (await methods(session)).find((one) => one.kind === kindOf)!.id;
  }
  async function mails(): Promise<string[]> {
    h.w.sent.length = 0;
    await deliverDue(h.w.deps);
    return h.w.sent.map(({ text }) => text);
  }
  async function remembered(userId = h.eva.id) {
    const browser = { clientIp: undefined, userAgent: "Other" };
    return await h.w.deps.db.transaction((run) => rememberDevice(h.w.deps, run, { userId, browser, days: 14 }));
  }
  async function call(name: RouteName, id: string, asked: Asked): Promise<Answer> {
    const { method, url } = ownContract[name];
    const body = bodies[name];
    return await ask(method, url.replace(":id", id), { ...(body && { body }), ...asked });
  }
  return h;
}
