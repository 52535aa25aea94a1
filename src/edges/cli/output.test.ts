import { expect, test } from "vitest";
import { details, table, time } from "./output.ts";

test("a table is as wide as its texts and leaves empty columns out", () => {
  const rows = [
    { name: "anna", methods: ["totp", "sms"], note: null },
    { name: "b", methods: [], note: null },
  ];
  const text = table(rows, {
    name: (row) => row.name,
    methods: (row) => row.methods,
    note: (row) => row.note,
  });
  expect(text).toBe("NAME  METHODS\nanna  totp, sms\nb");
  expect(table([], {})).toBe("none");
});

test("details leave empty fields out", () => {
  expect(details({ id: "x", absent: null, count: 0, list: [] })).toBe("id     x\ncount  0");
});

test("nothing shown can steer the terminal", () => {
  const text = details({ a: "x\u001b]0;t\u0007\n\r\u009b\u202ey\u2028" });
  expect(text).toBe("a  x\ufffd]0;t\ufffd\ufffd\ufffd\ufffd\ufffdy\ufffd");
});

test("a time is UTC, and none is nothing", () => {
  expect(time(1_800_000_000_999)).toBe("2027-01-15 08:00:00Z");
  expect([time(null), time(0)]).toEqual(["", ""]);
});
