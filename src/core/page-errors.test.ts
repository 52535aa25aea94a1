import { expect, test } from "vitest";
import { languages, type TextKey } from "#i18n/translate.ts";
import { pageErrors, type PageErrorName } from "./page-errors.ts";

const names = Object.keys(pageErrors) as PageErrorName[];

test("every number means one error", () => {
  const numbers = names.map((name) => pageErrors[name].number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.filter((number) => !/^CS-1\d{3}$/.test(number))).toEqual([]);
});

test.each(Object.keys(languages) as (keyof typeof languages)[])("every error is told in full in %s", (language) => {
  const keys = names.flatMap((name) => [`page_error.${name}.what`, `page_error.${name}.next`] as const);
  expect(keys.filter((key: TextKey) => !/^\p{Lu}.*[^.]\.$/su.test(languages[language][key]))).toEqual([]);
  const told = Object.keys(languages[language]).filter((key) => key.startsWith("page_error."));
  expect(told.toSorted()).toEqual(keys.toSorted());
});
