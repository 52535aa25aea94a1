/** A Base32 code as people type it: small letters, groups and the usual confusions are theirs. Undefined when it cannot be one. */
export function readOneTime(text: string, length: number): string | undefined {
  const code = text
    .replaceAll(/[ -]/g, "")
    .toUpperCase()
    .replaceAll("0", "O")
    .replaceAll("1", "I")
    .replaceAll("8", "B");
  return code.length === length && /^[A-Z2-7]+$/.test(code) ? code : undefined;
}

/** As it is shown: in groups that can be read aloud. */
export const inGroups = (code: string, size: number): string =>
  Array.from({ length: Math.ceil(code.length / size) }, (_, index) =>
    code.slice(index * size, (index + 1) * size),
  ).join("-");
