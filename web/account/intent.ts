// What somebody asked for before they had to verify: kept in their tab while they do, and done when they are back. Must stay
// true: never a password or a code, nothing of another person's, and nothing that is older than a sign-in may be.

const repeatable = [
  "renameMethod",
  "removeMethod",
  "removeBackup",
  "loseMethod",
  "findMethod",
  "setFirst",
  "renameApp",
  "removeApp",
  "blockApp",
  "endSession",
  "endOtherSessions",
  "forgetDevice",
  "forgetDevices",
  "renewCodes",
  "confirm",
] as const;
export type Repeatable = (typeof repeatable)[number];
export type Intent = { name: Repeatable; args: (string | null)[]; username: string; at: number };

const key = "countersign.account.intent";
const lifeMs = 15 * 60_000;

export const keepIntent = (intent: Intent): void => sessionStorage.setItem(key, JSON.stringify(intent));

/** Only once. */
export function takeIntent(): Intent | undefined {
  const text = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  if (text === null) return undefined;
  const intent = JSON.parse(text) as Intent;
  return repeatable.includes(intent.name) && intent.at > Date.now() - lifeMs ? intent : undefined;
}
