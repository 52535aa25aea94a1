/**
 * The little Markdown that the guide is written in: `#` groups, `##` questions with their topic, paragraphs, lists, **bold**,
 * *words*, `signs` and links to topics and own paths. Must stay true: everything else is text, and is escaped like all text;
 * what does not read stops the start.
 */

import { AppError } from "#core/errors.ts";
import { helpPath, helpTopics, type HelpTopic } from "#core/help.ts";
import { html, type Html } from "../sign-in/html.ts";

export type Question = { topic: HelpTopic; title: string; answer: Html };
export type Group = { title: string; questions: Question[] };

export function readMarkdown(text: string): Group[] {
  const groups: Group[] = [];
  for (const block of text.trim().split(/\n{2,}/)) {
    const [, level, title = "", name = ""] = /^(#{1,2}) (.+?)(?: \{#([a-z-]+)\})?$/.exec(block) ?? [];
    const questions = groups.at(-1)?.questions;
    const question = questions?.at(-1);
    if (level === "#") groups.push({ title, questions: [] });
    else if (level !== undefined && questions) questions.push({ topic: topicOf(name), title, answer: html`` });
    else if (question) question.answer = html`${question.answer}${blockOf(block)}`;
    else throw unread(block);
  }
  return groups;
}

const unread = (what: string) => new AppError("start_refused", `The guide does not read at: ${what.slice(0, 60)}`);

function topicOf(name: string): HelpTopic {
  const topic = helpTopics.find((one) => one === name);
  if (!topic) throw unread(`{#${name}}`);
  return topic;
}

function blockOf(block: string): Html {
  const lines = block.split("\n");
  if (/^[#>|]|^```/.test(block)) throw unread(block);
  if (lines.every((line) => line.startsWith("- ")))
    return html`<ul>
      ${lines.map((line) => item(line.slice(2)))}
    </ul>`;
  if (lines.every((line, index) => line.startsWith(`${index + 1}. `)))
    return html`<ol>
      ${lines.map((line) => item(line.replace(/^\d+\. /, "")))}
    </ol>`;
  if (lines.length > 1) throw unread(block);
  return html`<p>${inline(block)}</p>`;
}

const item = (line: string) => html`<li>${inline(line)}</li>`;

const marked = /\*\*(?<strong>[^*]+)\*\*|\*(?<em>[^*]+)\*|`(?<code>[^`]+)`|\[(?<text>[^\]]+)\]\((?<to>[^)]+)\)/g;

function inline(line: string): Html[] {
  const parts: Html[] = [];
  let from = 0;
  for (const match of line.matchAll(marked)) {
    parts.push(plain(line.slice(from, match.index)), markOf(match.groups!));
    from = match.index + match[0].length;
  }
  return [...parts, plain(line.slice(from))];
}

function plain(text: string): Html {
  if (/[*`\]]/.test(text)) throw unread(text);
  return html`${text}`;
}

function markOf({ strong, em, code, text, to }: Record<string, string | undefined>): Html {
  if (strong !== undefined) return html`<strong>${strong}</strong>`;
  if (em !== undefined) return html`<em>${em}</em>`;
  if (code !== undefined) return html`<code>${code}</code>`;
  return html`<a href="${addressOf(to!)}">${text}</a>`;
}

/** Own pages only: nobody leaves by the guide, and nothing that is no address can be one. */
const addressOf = (to: string): string => (/^\/[a-z-]+$/.test(to) ? to : helpPath(topicOf(to)));
