import { expect, test } from "vitest";
import { chooseLanguage, durationInWords, timeInWords } from "./language.ts";

test("the first wanted language that there is wins, else English", () => {
  expect(chooseLanguage(["fi-FI", "sv-FI", "en"])).toBe("sv");
  expect(chooseLanguage(["de"])).toBe("en");
  expect(chooseLanguage([])).toBe("en");
});

test("a time is told in words for a day and never in the future", () => {
  const moment = Date.UTC(2030, 0, 2, 12);
  const ago = (seconds: number) => timeInWords(moment - seconds * 1000, moment, "en");
  expect([ago(-5), ago(0), ago(59), ago(119), ago(7199), ago(90_000)]).toEqual([
    "now",
    "now",
    "59 seconds ago",
    "1 minute ago",
    "1 hour ago",
    expect.stringContaining("2030"),
  ]);
  expect(timeInWords(moment - 120_000, moment, "sv")).toBe("för 2 minuter sedan");
});

test("a duration is told in minutes, and the last minute in seconds", () => {
  expect([600_000, 60_000, 1000].map((ms) => durationInWords(ms, "en"))).toEqual([
    "10 minutes",
    "60 seconds",
    "1 second",
  ]);
  expect(durationInWords(125_000, "sv")).toBe("2 minuter");
});
