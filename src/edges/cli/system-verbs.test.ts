import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { date } from "./system-verbs.ts";

test.each([
  ["2027-01-31", "2027-01-31T00:00:00.000Z"],
  ["2028-02-29", "2028-02-29T00:00:00.000Z"],
  ["2027-01-31T12:00Z", "2027-01-31T12:00:00.000Z"],
  ["2027-01-31T12:00:30+02:00", "2027-01-31T10:00:30.000Z"],
])("%s is a date", (text, at) => {
  expect(date(text)).toBe(Date.parse(at));
});

test.each(["2027-02-31", "05/12/2027", "2027", "2027-1-3", "tomorrow", "1", "2027-02-30T12:00Z", ""])(
  "%j is no date",
  (text) => {
    expect(() => date(text)).toThrow(InvalidArgumentError);
  },
);
