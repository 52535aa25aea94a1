/**
 * What a person may choose as a PIN, the digits keyed in a call or typed after a code. Pure. Must stay true: nothing here keeps
 * or repeats a PIN; who asks hands in how a PIN hashes and gets back a reason.
 */

/** In the order in which they are told; a call has a message for each (`voice-messages.ts`). */
const pinFaults = ["form", "length", "all_same", "sequential", "phone", "history"] as const;
export type PinFault = (typeof pinFaults)[number];

export const longestPin = 16;

export type PinRule = {
  shortest: number;
  /** the person's numbers, in whatever way they are written */
  phones: readonly string[];
  /** whether it is the present PIN or one of the last */
  isRecent: (pin: string) => boolean;
};

export function findPinFault(pin: string, { shortest, phones, isRecent }: PinRule): PinFault | undefined {
  if (!/^\d+$/.test(pin)) return "form";
  if (pin.length < shortest || pin.length > longestPin) return "length";
  if (/(\d)\1\1/.test(pin)) return "all_same";
  if (hasRow(pin)) return "sequential";
  if (phones.some((phone) => shareFour(pin, phone.replaceAll(/\D/g, "")))) return "phone";
  return isRecent(pin) ? "history" : undefined;
}

/** 345 or 543 anywhere in it. */
const hasRow = (pin: string) =>
  Array.from(pin, Number).some((digit, at, all) => {
    const step = all[at + 1]! - digit;
    return Math.abs(step) === 1 && all[at + 2]! - all[at + 1]! === step;
  });

const shareFour = (pin: string, phone: string) =>
  Array.from({ length: pin.length - 3 }, (_, at) => pin.slice(at, at + 4)).some((four) => phone.includes(four));

/** `days` 0: never. A PIN that somebody else chose is over at its first use. */
export function isPinOver(
  { changedAt, mustChange }: { changedAt: number; mustChange: boolean },
  { days, now }: { days: number; now: number },
): boolean {
  return mustChange || (days > 0 && now - changedAt >= days * 86_400_000);
}

/** One that the rules allow, for a person to change at first use. `randomInt(10)` draws a digit. */
export function drawPin(rule: PinRule, randomInt: (below: number) => number): string {
  for (;;) {
    const length = Math.max(rule.shortest, 6);
    const pin = Array.from({ length }, () => randomInt(10)).join("");
    if (!findPinFault(pin, rule)) return pin;
  }
}
