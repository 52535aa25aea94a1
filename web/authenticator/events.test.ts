import { expect, test } from "vitest";
import { readEvents } from "./events.ts";

test("events are read in whatever pieces they come, and signs of life are none", () => {
  const text =
    ':\n\nevent: request\ndata: {"id":"chl_1"}\n\nevent: over\r\ndata: {"id":"chl_1","how":"denied"}\r\n\r\nevent: req';
  const { events, rest } = readEvents(text);
  expect(events).toEqual([
    { name: "request", id: "chl_1" },
    { name: "over", id: "chl_1", how: "denied" },
  ]);
  expect(readEvents(`${rest}uest\ndata: {"id":"chl_2"}\n\n`)).toEqual({
    events: [{ name: "request", id: "chl_2" }],
    rest: "",
  });
});
