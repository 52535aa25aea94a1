// Setting this device up: a key of its own, the code used, and the proof that the server reaches it. Must stay true: the private
// key is made here and leaves in no form; the account counts only when the server has said that the proof is right.
import { browserName } from "../parts/browser-name.ts";
import type { Language } from "../parts/language.ts";
import { importSeed } from "./code.ts";
import { ask, askServer, DeviceProblem, postActivation, type Unlock } from "./device.ts";
import { listen } from "./events.ts";
import { makeDeviceKey, signJws } from "./jws.ts";
import { changeAccount, listAccounts, removeAccount, saveAccount, type Account } from "./keep.ts";
import { allowNotifications, newSubscription } from "./subscription.ts";

export type Wish = { code: string; username?: string; deviceName: string; language: Language };
type Activated = {
  deviceId: string;
  account: { username: string; displayName: string | null; accountName: string; organisation: string };
  totp: { secret: string; digits: number; period: number };
  channel: "push" | "stream";
  proveBy: number;
  localUnlock: Unlock;
};

const kinds: Record<string, string> = { iPhone: "phone", iPad: "tablet", Windows: "desktop", macOS: "desktop" };

/** What the device is, in the browser's words. */
export function thisDevice(userAgent = navigator.userAgent) {
  const named = browserName(userAgent);
  const system = named?.system ?? "";
  const android = /\bMobile\b/.test(userAgent) ? "phone" : "tablet";
  const kind = system === "Android" ? android : (kinds[system] ?? (system === "" ? "other" : "desktop"));
  return { kind, platform: named ? `${named.browser}, ${named.system}` : "other", named };
}

export async function activate({ code, username, deviceName, language }: Wish): Promise<Account> {
  const allowed = await allowNotifications();
  const server = await askServer();
  const subscription = allowed ? await newSubscription(server.vapidPublicKey) : null;
  const { privateKey, publicKey } = await makeDeviceKey();
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  const { kind, platform } = thisDevice();
  const activated = (await postActivation({
    code,
    ...(username !== undefined && { username }),
    publicKey: { kty, crv, x, y },
    device: { name: deviceName, kind, platform, appVersion: "1", language },
    subscription,
    signature: await signJws(privateKey, { typ: "countersign-activation+jwt" }, { code, aud: server.publicUrl }),
  })) as Activated;
  const { totp, account, deviceId, channel, localUnlock } = activated;
  await saveAccount({
    ...account,
    deviceId,
    deviceName,
    channel,
    localUnlock,
    publicUrl: server.publicUrl,
    signing: privateKey,
    code: { key: await importSeed(totp.secret), digits: totp.digits, period: totp.period },
    state: "proving",
    addedAt: Date.now(),
  });
  // else the browser may throw the keys away when space is short
  await navigator.storage?.persist?.();
  await resume(deviceId);
  return await kept(deviceId);
}

const kept = async (deviceId: string): Promise<Account> => {
  const account = (await listAccounts()).find((one) => one.deviceId === deviceId);
  if (!account) throw new DeviceProblem("device_not_activated");
  return account;
};

/** The answer to what came through the channel. */
export async function confirm(account: Account, proof: string): Promise<void> {
  await ask(account, { method: "POST", path: "/activations/confirm", body: { proof } });
  await changeAccount(account.deviceId, { state: "active" });
}

/** The service worker answers what comes by push; what does not come in time is done without. */
async function provedByPush(deviceId: string): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    if ((await kept(deviceId)).state === "active") return true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return false;
}

/** What the server alone can say: the code is used up for nothing. Whatever else goes wrong is no reason to ask for another. */
const ends = ["activation_refused", "device_not_activated"];

/** Goes on with the proof. Gives what kept it from being done, which can be tried again; throws when the server has ended it. */
export async function resume(deviceId: string): Promise<string | undefined> {
  try {
    await prove(deviceId);
    return undefined;
  } catch (error) {
    if (!(error instanceof DeviceProblem)) throw error;
    if (!ends.includes(error.code)) return error.code;
    await removeAccount(deviceId);
    throw error;
  }
}

async function prove(deviceId: string): Promise<void> {
  const account = await kept(deviceId);
  if (account.channel === "push" && !(await provedByPush(deviceId))) {
    await ask(account, { method: "POST", path: "/activations/channel", body: { channel: "stream" } });
    await changeAccount(deviceId, { channel: "stream" });
  }
  const now = await kept(deviceId);
  if (now.state === "proving") await proveByStream(now);
}

async function proveByStream(account: Account): Promise<void> {
  const ending = new AbortController();
  try {
    for await (const { name, id } of listen(account, AbortSignal.any([ending.signal, AbortSignal.timeout(15_000)])))
      if (name === "validate") return await confirm(account, id);
  } catch (error) {
    if (error instanceof DeviceProblem) throw error;
  } finally {
    ending.abort();
  }
  // the stream broke off, or nothing came by it in time
  throw new DeviceProblem("offline");
}
