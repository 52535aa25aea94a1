import type { Factor, Facts } from "./facts.ts";
import { methods } from "./methods/index.ts";
import type { Prompt } from "./outcome.ts";

/** What the person is asked, with the methods that a digit would switch to. */
export function promptFor(factor: Factor, { person, offered }: { person: Facts["person"]; offered: Factor[] }): Prompt {
  const length = methods.get(factor.method)!.length(factor.parameters);
  const digit = (one: Factor) => offered.indexOf(one) + 1;
  const others = offered.flatMap((one) =>
    one === factor ? [] : [{ digit: digit(one), method: one.method, ...sentTo(one) }],
  );
  return {
    kind: "code",
    language: person?.language ?? null,
    method: factor.method,
    length,
    digit: digit(factor),
    ...sentTo(factor),
    others,
  };
}
/** a number is shown by its last two digits. */
const sentTo = (factor: Factor) => (factor.address === null ? {} : { sentTo: `•• ${factor.address.slice(-2)}` });
