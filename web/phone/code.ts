/** The verification code in a message: the first run of 4 to 10 digits that stands alone. */
export const codeIn = (text: string): string | undefined => /(?<![\d+])\d{4,10}(?!\d)/.exec(text)?.[0];

/** 482913 as "482 913". */
export function inGroups(code: string): string {
  const half = Math.ceil(code.length / 2);
  return code.length < 6 ? code : `${code.slice(0, half)} ${code.slice(half)}`;
}

/** 482913 as "4 8 2 9 1 3", which a screen reader reads as digits and not as a number. */
export const asDigits = (code: string) => code.split("").join(" ");
