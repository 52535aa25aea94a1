import { expect, test } from "vitest";
import { routes, senderFor } from "./routing.ts";

const named = (name: string, place: number, ...prefixes: string[]) => ({ name, place, prefixes });
const order = (number: string, ...gateways: ReturnType<typeof named>[]) =>
  routes(gateways, number).map(({ name }) => name);

test("the longest prefix that fits comes first, then the administrator's order, and what is for other numbers never", () => {
  const all = named("all", 1);
  const later = named("later", 2);
  const nordic = named("nordic", 3, "+45", "+46", "+47");
  const stockholm = named("stockholm", 4, "+468");
  const given = [later, all, nordic, stockholm];
  expect(order("+46812345678", ...given)).toEqual(["stockholm", "nordic", "all", "later"]);
  expect(order("+46701234567", ...given)).toEqual(["nordic", "all", "later"]);
  expect(order("+4915112345678", ...given)).toEqual(["all", "later"]);
  expect(order("+4915112345678", nordic)).toEqual([]);
});

test("the sender is that of the longest prefix, or the gateway's own", () => {
  const senders = { "+1": "+15005550006", "+46": "Example", "+4670": "Mobile" };
  const as = (number: string) => senderFor(number, { sender: "+46766861004", senders });
  expect(as("+12125550100")).toBe("+15005550006");
  expect(as("+46701234567")).toBe("Mobile");
  expect(as("+46811111111")).toBe("Example");
  expect(as("+4915112345678")).toBe("+46766861004");
});
