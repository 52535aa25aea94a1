import { expect, test } from "vitest";
import { csvLine } from "./write.ts";

test("a row is quoted, and what a spreadsheet would take for a formula is text", () => {
  expect(csvLine(["a", 'b "c", d', "", "ö\nö"])).toBe('"a","b ""c"", d","","ö\nö"\r\n');
  expect(csvLine(["-3", "-3+1"])).toBe('"-3","\'-3+1"\r\n');
  for (const start of ["=", "+", "-", "@", "\t", "\r", "\0"])
    expect(csvLine([`${start}1=1`])).toBe(`"'${start}1=1"\r\n`);
});
