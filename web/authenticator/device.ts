// What the device asks of its server (docs/reference/device-protocol.md). Must stay true: everything after the activation is signed
// by the device's key, with the server's time, which it learns from the server when its own is wrong.
import { clockOffset } from "./clock.ts";
import { base64url, bodyHash, signJws } from "./jws.ts";
import { changeAccount, readChoice, saveChoice, type Account } from "./keep.ts";

export type Unlock = Account["localUnlock"];
type ServerFacts = {
  publicUrl: string;
  vapidPublicKey: string;
  support: { name: string; phone: string; email: string; hours: string };
};
export type Pending = {
  id: string;
  nonce: string;
  user: string;
  application: string;
  place: string;
  address: string;
  at: number;
  expiresAt: number;
  mode: "number" | "number-pin" | "pin" | "standard";
  digits: number;
};
type Names = Pick<Account, "username" | "displayName" | "accountName" | "organisation">;
export type Standing = Names & {
  pinMustChange: boolean;
  localUnlock: Unlock;
  /** whether "this wasn't me" blocks the account */
  fraud: { report: boolean; block: boolean };
};
type Waiting = { requests: Pending[]; account: Standing; serverTime: number };
export type Result =
  | "approved"
  | "denied"
  | "wrong_number"
  | "wrong_pin"
  | "pin_expired"
  | "pin_refused"
  | "over"
  | "reported";

/** Why the server did not do what was asked; `code` "offline": it did not answer. */
export class DeviceProblem extends Error {
  readonly code: string;
  readonly serverTime: number | undefined;
  constructor(code: string, serverTime?: number) {
    super(code);
    this.code = code;
    this.serverTime = serverTime;
  }
}

type Call = { method?: "GET" | "POST" | "PUT" | "DELETE"; path: string; body?: object; signal?: AbortSignal };
type Exchange = Call & { authorization?: string };

const serverNow = async (): Promise<number> => Date.now() + ((await readChoice("offsetMs")) ?? 0);

async function exchange({ method = "GET", path, body, signal, authorization }: Exchange): Promise<Response> {
  const answer = await fetch(`/device/v1${path}`, {
    method,
    cache: "no-store",
    redirect: "error",
    ...(signal && { signal }),
    ...(body && { body: JSON.stringify(body) }),
    headers: {
      ...(body && { "content-type": "application/json" }),
      ...(authorization !== undefined && { authorization }),
    },
  }).catch(() => {
    throw new DeviceProblem("offline");
  });
  // of a proxy between, whatever its status says
  if (answer.headers.get("content-type")?.startsWith("text/html")) throw new DeviceProblem("offline");
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; serverTime?: number };
  throw new DeviceProblem(problem.code ?? (answer.status >= 500 ? "offline" : "refused"), problem.serverTime);
}

async function signed(account: Account, call: Call): Promise<Response> {
  const { method = "GET", path, body } = call;
  const payload = {
    htm: method,
    htu: `${new URL(account.publicUrl).origin}/device/v1${path}`,
    iat: Math.floor((await serverNow()) / 1000),
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    bh: await bodyHash(body ? JSON.stringify(body) : ""),
    user: account.username,
  };
  const jws = await signJws(account.signing, { typ: "countersign-request+jwt", kid: account.deviceId }, payload);
  return await exchange({ ...call, authorization: `Device ${jws}` });
}

const lost: Record<string, Account["state"]> = { device_not_activated: "unknown", device_blocked: "blocked" };

/** Asks as this device. What the answer says about the device itself and about the time is kept. */
export async function ask(account: Account, call: Call): Promise<Response> {
  try {
    return await signed(account, call).catch(async (error: unknown) => {
      if (!(error instanceof DeviceProblem) || error.code !== "bad_time" || error.serverTime === undefined) throw error;
      await saveChoice("offsetMs", error.serverTime - Date.now());
      return await signed(account, call);
    });
  } catch (error) {
    const state = error instanceof DeviceProblem ? lost[error.code] : undefined;
    if (state) await changeAccount(account.deviceId, { state });
    throw error;
  }
}

export const askServer = async (): Promise<ServerFacts> =>
  (await (await exchange({ path: "/server" })).json()) as ServerFacts;

export const postActivation = async (body: object): Promise<unknown> =>
  await (await exchange({ method: "POST", path: "/activations", body })).json();

/** What waits for an answer; the server's time puts ours right. */
export async function askWaiting(account: Account): Promise<Waiting> {
  const sentAt = Date.now();
  const waiting = (await (await ask(account, { path: "/requests" })).json()) as Waiting;
  await saveChoice("offsetMs", clockOffset({ serverTime: waiting.serverTime, sentAt, receivedAt: Date.now() }));
  const { username, displayName, accountName, organisation, localUnlock } = waiting.account;
  // who was blocked and is answered is not any more
  const state = "active";
  await changeAccount(account.deviceId, { state, username, displayName, accountName, organisation, localUnlock });
  return waiting;
}
