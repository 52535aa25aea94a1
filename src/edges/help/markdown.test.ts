import { describe, expect, test } from "vitest";
import { helpTopics } from "#core/help.ts";
import { readGuide } from "#i18n/help.ts";
import { languages, type Language } from "#i18n/translate.ts";
import { readMarkdown } from "./markdown.ts";

const answer = (text: string) =>
  readMarkdown(`# Group\n\n## Title {#why}\n\n${text}`)[0]!.questions[0]!.answer.markup.replaceAll(/\n\s*/g, "");

test("paragraphs, lists, emphasis, signs and links are read", () => {
  expect(answer("One **two** *three* `\\`.\n\n- a\n- [b](no-text)\n\n1. c\n2. [d](/account)")).toBe(
    "<p>One <strong>two</strong> <em>three</em> <code>\\</code>.</p>" +
      '<ul><li>a</li><li><a href="/help/no-text">b</a></li></ul>' +
      '<ol><li>c</li><li><a href="/account">d</a></li></ol>',
  );
});

test("what is no markup of ours is text", () => {
  expect(answer(`<script>alert("1")</script> & **<b>** [<i>](why)`)).toBe(
    "<p>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; <strong>&lt;b&gt;</strong> " +
      '<a href="/help/why">&lt;i&gt;</a></p>',
  );
});

test.each([
  ["a link to a question that is not there", "[a](absent)"],
  ["a link that leaves", "[a](https://elsewhere.example)"],
  ["a link to another host in disguise", "[a](//elsewhere.example)"],
  ["a link that runs", "[a](javascript:1)"],
  ["an emphasis without an end", "a **b"],
  ["a heading of a third kind", "### a"],
  ["a paragraph in two lines", "a\nb"],
  ["a list that is half one", "- a\nb"],
])("%s is refused", (_, text) => {
  expect(() => answer(text)).toThrow("The guide does not read");
});

test("a question that the program does not know is refused", () => {
  expect(() => readMarkdown("# Group\n\n## Title {#absent}\n\nText")).toThrow("does not read");
  expect(() => readMarkdown("# Group\n\n## Title\n\nText")).toThrow("does not read");
});

describe.each(Object.keys(languages) as Language[])("the guide in %s", (language) => {
  const groups = readMarkdown(readGuide(language));
  const questions = groups.flatMap((group) => group.questions);

  test("answers every question once, and the statement on accessibility is among them", () => {
    expect(questions.map(({ topic }) => topic).toSorted()).toEqual(helpTopics.toSorted());
    expect(questions.filter(({ answer: { markup } }) => markup.length < 100)).toEqual([]);
    expect(groups.every(({ questions: own }) => own.length > 0)).toBe(true);
  });

  test("has the questions in the same groups and order, with the same links, as in English", () => {
    const shape = (of: Language) =>
      readMarkdown(readGuide(of)).map((group) =>
        group.questions.map(({ topic, answer: { markup } }) => [topic, markup.match(/href="[^"]+"/g)]),
      );
    expect(shape(language)).toEqual(shape("en"));
  });
});
