import { expect, test } from "vitest";
import { browserName } from "./browser-name.ts";

const named = (userAgent: string | null) => Object.values(browserName(userAgent) ?? {}).join(" ");

test("browsers are told apart though most say the names of others", () => {
  const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0";
  expect(named(`${windows} Safari/537.36`)).toBe("Chrome Windows");
  expect(named(`${windows} Safari/537.36 Edg/140.0.0.0`)).toBe("Edge Windows");
  expect(named("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe("Firefox Linux");
  const phone =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148";
  expect(named(`${phone} Safari/604.1`)).toBe("Safari iPhone");
});

test("what says nothing that we know has no name", () => {
  expect([named(null), named("curl/8"), named("Firefox/140")]).toEqual(["", "", ""]);
});
