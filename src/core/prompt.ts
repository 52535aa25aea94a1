import type { Factor, Facts } from "./facts.ts";
import { methods } from "./methods/index.ts";
import type { Prompt } from "./outcome.ts";

/** What the person is asked, with the methods that a digit would switch to. */
export function promptFor(factor: Factor, { person, offered, mode, number }: Shown): Prompt {
  const by = methods.get(factor.method)!;
  const digit = (one: Factor) => offered.indexOf(one) + 1;
  const others = offered.flatMap((one) =>
    one === factor ? [] : [{ digit: digit(one), method: one.method, ...sentTo(one), ...token(one) }],
  );
  return {
    kind: by.outOfBand ? "wait" : "code",
    ...(number !== undefined && { number }),
    ...(mode?.endsWith("pin") && { pin: true }),
    language: person?.language ?? null,
    method: factor.method,
    length: by.length(factor.parameters),
    digit: digit(factor),
    ...sentTo(factor),
    ...token(factor),
    others,
  };
}
type Shown = { person: Facts["person"]; offered: Factor[]; mode?: string | undefined; number?: string | undefined };
const token = ({ token: name }: Factor) => (name === undefined ? {} : { token: name });
/** a number is shown by its last two digits. */
const sentTo = (factor: Factor) => (factor.address === null ? {} : { sentTo: `•• ${factor.address.slice(-2)}` });
