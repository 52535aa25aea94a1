// What the device keeps, in the browser's database: its accounts with their keys, and a few choices. Must stay true: keys are kept as
// keys that cannot be read back, never as octets. The page and the service worker both read here.
import type { CodeKey } from "./code.ts";

export type Account = {
  deviceId: string;
  username: string;
  displayName: string | null;
  /** what the organisation calls its accounts */
  accountName: string;
  organisation: string;
  deviceName: string;
  /** how the server's own address begins; what is signed names it */
  publicUrl: string;
  signing: CryptoKey;
  code: CodeKey;
  channel: "push" | "stream";
  /** `unknown`: the server knows this device no more */
  state: "proving" | "active" | "unknown" | "blocked";
  localUnlock: "off" | "offered" | "required";
  /** the passkey that unlocks, once it is made */
  unlockId?: string;
  addedAt: number;
};
type Choices = {
  language: "en" | "sv";
  offsetMs: number;
  /** of the subscription that the server was told last */
  endpoint: string;
};

function asked<T>(request: IDBRequest<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  request.addEventListener("success", () => resolve(request.result));
  request.addEventListener("error", () => reject(request.error ?? new Error("the browser's database")));
  return promise;
}

async function open(): Promise<IDBDatabase> {
  const opening = indexedDB.open("countersign-authenticator", 1);
  opening.addEventListener("upgradeneeded", () => {
    opening.result.createObjectStore("accounts", { keyPath: "deviceId" });
    opening.result.createObjectStore("choices");
  });
  return await asked(opening);
}

let opened: Promise<IDBDatabase> | undefined;
async function within(store: "accounts" | "choices", mode: IDBTransactionMode): Promise<IDBObjectStore> {
  opened ??= open();
  return (await opened).transaction(store, mode).objectStore(store);
}

export const listAccounts = async (): Promise<Account[]> => {
  const all = (await asked((await within("accounts", "readonly")).getAll())) as Account[];
  return all.toSorted((one, other) => one.addedAt - other.addedAt);
};

export const saveAccount = async (account: Account): Promise<unknown> =>
  await asked((await within("accounts", "readwrite")).put(account));

/** Nothing happens to an account that was removed meanwhile. */
export async function changeAccount(deviceId: string, changes: Partial<Account>): Promise<void> {
  const accounts = await within("accounts", "readwrite");
  const before = (await asked(accounts.get(deviceId))) as Account | undefined;
  if (before) await asked(accounts.put({ ...before, ...changes }));
}

export const removeAccount = async (deviceId: string): Promise<unknown> =>
  await asked((await within("accounts", "readwrite")).delete(deviceId));

export const readChoice = async <Name extends keyof Choices>(name: Name): Promise<Choices[Name] | undefined> =>
  (await asked((await within("choices", "readonly")).get(name))) as Choices[Name] | undefined;

/** Nothing: the choice is taken back. */
export async function saveChoice<Name extends keyof Choices>(
  name: Name,
  value: Choices[Name] | undefined,
): Promise<void> {
  const choices = await within("choices", "readwrite");
  await (value === undefined ? asked(choices.delete(name)) : asked(choices.put(value, name)));
}
