/** Numbers behind a switchboard: `+46 8 123 45 67 x890`, and what is dialled once it has answered (fact sheet 2.4). */

/** `x` separates a number from its extension; neither is judged here. */
export function splitExtension(written: string): { number: string; extension: string } {
  const [number = "", ...rest] = written.split(/x/i);
  return { number: number.trim(), extension: rest.join("x").trim() };
}

/** Digits, `,` for a pause, `*` and `#`; one `@` before them has a person transfer the call. `undefined`: cannot be dialled. */
export function readExtension(written: string): { keys: string; operator: boolean } | undefined {
  const read = /^(@?)([\d,*#]{1,32})$/.exec(written);
  if (!read || !/\d/.test(read[2]!)) return undefined;
  return { keys: read[2]!, operator: read[1] === "@" };
}
