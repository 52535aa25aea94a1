/** What a time-based token is made with; what a row leaves out is the usual. */

export type TotpParameters = {
  digits: 6 | 7 | 8;
  /** seconds */
  period: 30 | 60;
  algorithm: "sha1" | "sha256" | "sha512";
  /** steps accepted on either side of the re-centred present */
  window: 0 | 1 | 2;
};
export const defaultTotp: TotpParameters = { digits: 6, period: 30, algorithm: "sha1", window: 1 };

export function readTotpParameters(text: string): TotpParameters {
  return text === "" ? defaultTotp : { ...defaultTotp, ...(JSON.parse(text) as Partial<TotpParameters>) };
}
