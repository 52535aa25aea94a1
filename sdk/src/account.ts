/**
 * A person's own account, for pages in their browser: it speaks with the session's cookie, and says with each change that it
 * is a page of that session. What is refused is thrown as an `AccountProblem`.
 */

import type { components } from "./openapi.d.ts";

type Schemas = components["schemas"];
export type Me = Schemas["Me"];
export type OwnMethod = Schemas["OwnMethod"];
export type OwnSession = Schemas["OwnSession"];
export type OwnDevice = Schemas["OwnDevice"];
export type OwnApp = Schemas["OwnApp"];
export type OwnSignIn = Schemas["OwnSignIn"];
export type OwnHistory = Schemas["OwnHistory"];
type Problem = Schemas["OwnProblem"];

/** `problem` is the server's, and absent when there was no answer of its own. */
export class AccountProblem extends Error {
  readonly problem: Partial<Problem>;
  constructor(problem: Partial<Problem>) {
    super(problem.title ?? "no answer");
    this.name = "AccountProblem";
    this.problem = problem;
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export type Account = ReturnType<typeof openAccount>;

export function openAccount(send: typeof fetch = (...asked) => fetch(...asked)) {
  let csrf = "";

  async function ask<Answer = void>(method: Method, path: string, body?: object): Promise<Answer> {
    let response: Response;
    try {
      response = await send(`/api/v1/me${path}`, {
        method,
        redirect: "error",
        credentials: "same-origin",
        headers: {
          accept: "application/json",
          ...(method !== "GET" && { "x-countersign-csrf": csrf }),
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
    } catch {
      throw new AccountProblem({});
    }
    if (!response.ok) throw new AccountProblem(await problemOf(response));
    return (response.status === 204 ? undefined : await response.json()) as Answer;
  }

  const one = (id: string) => encodeURIComponent(id);
  return {
    me: async () => {
      const me = await ask<Me>("GET", "");
      csrf = me.csrf;
      return me;
    },
    methods: async () => (await ask<{ methods: OwnMethod[] }>("GET", "/methods")).methods,
    /** Gives where to go on. */
    addMethod: async () => (await ask<Schemas["Onward"]>("POST", "/methods", {})).location,
    addBackup: async (id: string) => (await ask<Schemas["Onward"]>("POST", `/methods/${one(id)}/backup`, {})).location,
    removeBackup: async (id: string) => await ask("DELETE", `/methods/${one(id)}/backup`),
    renameMethod: async (id: string, name: string) => await ask("PATCH", `/methods/${one(id)}`, { name }),
    removeMethod: async (id: string) => await ask("DELETE", `/methods/${one(id)}`),
    /** It counts no more until it is found. */
    loseMethod: async (id: string) => await ask("POST", `/methods/${one(id)}/lost`, {}),
    findMethod: async (id: string) => await ask("POST", `/methods/${one(id)}/found`, {}),
    /** A token's codes, as it showed them one after the other. */
    resyncMethod: async (id: string, codes: string[]) =>
      await ask("POST", `/methods/${one(id)}/resynchronisation`, { codes }),
    /** The kind that is asked for first; null: the best there is. */
    setFirst: async (kind: string | null) => await ask("PUT", "/default-method", { kind }),
    apps: async () => (await ask<{ apps: OwnApp[] }>("GET", "/apps")).apps,
    renameApp: async (id: string, name: string) => await ask("PATCH", `/apps/${one(id)}`, { name }),
    removeApp: async (id: string) => await ask("DELETE", `/apps/${one(id)}`),
    /** Its device was stolen. */
    blockApp: async (id: string) => await ask("POST", `/apps/${one(id)}/stolen`, {}),
    sessions: async () => (await ask<{ sessions: OwnSession[] }>("GET", "/sessions")).sessions,
    endSession: async (id: string) => await ask("DELETE", `/sessions/${one(id)}`),
    endOtherSessions: async () => await ask("DELETE", "/sessions"),
    devices: async () => (await ask<{ devices: OwnDevice[] }>("GET", "/devices")).devices,
    forgetDevice: async (id: string) => await ask("DELETE", `/devices/${one(id)}`),
    forgetDevices: async () => await ask("DELETE", "/devices"),
    history: async (before?: string) =>
      await ask<OwnHistory>("GET", `/history${before === undefined ? "" : `?before=${encodeURIComponent(before)}`}`),
    setLanguage: async (language: Schemas["NewLanguage"]["language"]) => await ask("PUT", "/language", { language }),
    /** Throws, with a location, when the person has to verify before a change. */
    confirm: async () => await ask("POST", "/confirmation", {}),
    changePassword: async (current: string, next: string) => await ask("POST", "/password", { current, next }),
    choosePin: async (pin: string) => await ask("PUT", "/pin", { pin }),
    renewCodes: async () => (await ask<Schemas["RecoveryCodes"]>("POST", "/recovery-codes", {})).codes,
  };
}

async function problemOf(response: Response): Promise<Partial<Problem>> {
  try {
    return { ...((await response.json()) as Problem), status: response.status };
  } catch {
    return { status: response.status };
  }
}
