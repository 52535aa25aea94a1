import { expect, test } from "vitest";
import { addressRule } from "#core/api-key.ts";
import { clientIp } from "./client-ip.ts";

const ours = addressRule(["10.0.0.0/8", "::1"]);

test.each([
  ["whoever is no proxy is where they are, whatever they say", "203.0.113.9", "198.51.100.7", "203.0.113.9"],
  ["a proxy says whom it heard from", "10.0.0.1", "198.51.100.7", "198.51.100.7"],
  ["and a proxy before it", "10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"],
  ["what a client wrote before the proxy is not heard", "10.0.0.1", "10.0.0.9, 198.51.100.7", "198.51.100.7"],
  ["nor when it looks like one of ours", "10.0.0.1", "127.0.0.1,198.51.100.7, 10.0.0.2", "198.51.100.7"],
  ["a proxy that says nothing stands for itself", "10.0.0.1", "", "10.0.0.1"],
  ["so does one that passes on what is no address", "10.0.0.1", "<b>unknown</b>", "10.0.0.1"],
  ["an address is the same by either kind of socket", "::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"],
  ["a proxy on this machine", "::1", "2001:db8::7", "2001:db8::7"],
])("%s", (_, peer, forwarded, expected) => {
  expect(clientIp(peer, forwarded, ours)).toBe(expected);
});
