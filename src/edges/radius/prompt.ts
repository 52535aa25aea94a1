import type { Prompt } from "#core/outcome.ts";
import { languageOf, translate, type TextKey } from "#i18n/translate.ts";

/** What a client shows with its code field: fixed words of ours in the person's language, never the request's. */
export function promptText(prompt: Prompt, before: "" | "retry.wrong"): string {
  const language = languageOf(prompt.language);
  const say = (key: string, values: Record<string, string | number>) => translate(language, key as TextKey, values);
  const pin = prompt.number === undefined ? `step.${prompt.method}_pin` : `prompt.${prompt.method}_pin`;
  const key = prompt.pin ? pin : `prompt.${prompt.method}`;
  const parts = [say(key, { to: prompt.sentTo ?? "", number: prompt.number ?? "" })];
  if (before) parts.unshift(say(before, {}));
  const choices = prompt.others.map((other) =>
    say(`choice.${other.method}`, { digit: other.digit, to: other.sentTo ?? "" }),
  );
  if (choices.length > 0) parts.push(say("prompt.other", { choices: choices.join(", ") }));
  return parts.join(" ");
}
