/**
 * What a person may choose as a new password: long, and not what everybody tries first (NIST SP 800-63B §3.1.1.2: length and a
 * list, no rules about kinds of characters). Pure.
 */

const shortestPassword = 12;
const longestPassword = 256;

export type PasswordFault = "short" | "long" | "name" | "common";

/** What people reach for when a password must be long; digits and marks around and between do not make it better. */
const stems = new Set(
  `password passwort passwd losenord lösenord hemligt secret welcome valkommen välkommen letmein admin administrator root login
  user guest test changeme default qwerty qwertyuiop qwertyuiopasdfghjkl qwertz azerty asdfgh asdfghjkl zxcvbnm iloveyou
  sunshine princess monkey dragon football fotboll baseball superman batman master shadow michael jennifer charlie
  summer sommar winter vinter autumn host höst spring var vår sverige sweden stockholm company countersign
  abc abcd abcdef abcdefgh abcdefghij abcdefghijkl abcdefghijklmnopqrstuvwxyz`.split(/\s+/),
);
const rows = ["01234567890123456789", "98765432109876543210", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujm"];

export function findFault(password: string, { username }: { username: string }): PasswordFault | undefined {
  const text = password.normalize("NFC");
  if (Array.from(text).length < shortestPassword) return "short";
  if (text.length > longestPassword) return "long";
  const lower = text.toLowerCase();
  const name = username.toLowerCase().replace(/^.*\\|@.*$/g, "");
  if (name.length >= 3 && lower.includes(name)) return "name";
  return isCommon(lower) ? "common" : undefined;
}

const leet: Record<string, string> = { "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "@": "a", $: "s" };

function isCommon(text: string): boolean {
  if (/^(.{1,6})\1+$/.test(text) || rows.some((row) => row.includes(text))) return true;
  const folded = text.replace(/[\d\P{L}]+$/u, "").replaceAll(/[01345@$]/g, (mark) => leet[mark]!);
  const words = [text, folded].map((one) => one.replaceAll(/\P{L}/gu, ""));
  return words.some((word) => word === "" || stems.has(word) || stems.has(/^(.+?)\1+$/.exec(word)?.[1] ?? ""));
}
