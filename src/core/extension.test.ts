import { expect, test } from "vitest";
import { readExtension, splitExtension } from "./extension.ts";

test("x separates a number from its extension", () => {
  expect(splitExtension("+46 8 123 45 67 x890")).toEqual({ number: "+46 8 123 45 67", extension: "890" });
  expect(splitExtension("+4681234567X,,890#")).toEqual({ number: "+4681234567", extension: ",,890#" });
  expect(splitExtension(" +4681234567 ")).toEqual({ number: "+4681234567", extension: "" });
  // a second x is no way to hide one
  expect(splitExtension("+4681234567x8x9").extension).toBe("8x9");
});

test("digits, pauses, star and hash can be dialled; @ has a person transfer the call", () => {
  expect(readExtension("890")).toEqual({ keys: "890", operator: false });
  expect(readExtension(",,*890#")).toEqual({ keys: ",,*890#", operator: false });
  expect(readExtension("@890")).toEqual({ keys: "890", operator: true });
});

test("anything else cannot", () => {
  for (const written of ["", "@", ",", "8x9", "8 9", "89@", "@@89", "w89", "+89", "8".repeat(33)])
    expect([written, readExtension(written)]).toEqual([written, undefined]);
});
