// What the real peers do, measured against a server that only watches: the other peer tests rest on it.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Freeradius, startFreeradiusProxy } from "./freeradius.ts";
import { pamtester } from "./pamtester.ts";
import { radclient, readAnswer } from "./radclient.ts";
import { attributeTypes } from "./radius-packets.ts";
import { startRadiusProbe } from "./radius-probe.ts";

const home = await startRadiusProbe("home-secret", { accepted: "287082", challenged: "first" });
let proxy: Freeradius;
beforeAll(async () => void (proxy = await startFreeradiusProxy(home, "edge-secret")), 30_000);
beforeEach(() => void (home.seen.length = 0));
afterAll(() => Promise.all([proxy.stop(), home.stop()]));

const statesSeen = () =>
  home.seen.map(({ request }) =>
    request.attributes.filter(({ type }) => type === attributeTypes.state).map(({ value }) => value.toString()),
  );
const as = (password: string): [string, string][] => [
  ["User-Name", "ada"],
  ["User-Password", password],
];

test("radclient signs when told to, and reads accept and reject", async () => {
  expect(await radclient(home, as("287082"))).toEqual({
    code: "Access-Accept",
    attributes: [{ name: "Message-Authenticator", value: expect.stringMatching(/^0x/) }],
  });
  expect((await radclient(home, as("000000"), { messageAuthenticator: false }))?.code).toBe("Access-Reject");
  expect(home.seen.map((seen) => [seen.password, seen.messageAuthenticator])).toEqual([
    ["287082", "right"],
    ["000000", "absent"],
  ]);
});

test("radclient takes no answer made with another secret", async () => {
  expect(await radclient({ ...home, secret: "another" }, as("287082"), { timeoutSeconds: 1 })).toBeUndefined();
});

test("an answer's attributes are read as printed, quotes undone", () => {
  expect(
    readAnswer(
      'Sent …\nReceived Access-Challenge Id 7 from 127.0.0.1:1 to 127.0.0.1:2 length 60\n\tReply-Message = "say \\"a\\""\n\tState = 0x00ff\n',
    ),
  ).toEqual({
    code: "Access-Challenge",
    attributes: [
      { name: "Reply-Message", value: 'say "a"' },
      { name: "State", value: "0x00ff" },
    ],
  });
});

test.each([true, false])(
  "FreeRADIUS as proxy adds a Proxy-State and its own signature (client signs: %s)",
  async (messageAuthenticator) => {
    const edge = { port: proxy.port, secret: "edge-secret" };
    expect((await radclient(edge, as("287082"), { messageAuthenticator }))?.code).toBe("Access-Accept");
    expect((await radclient(edge, as("000000"), { messageAuthenticator }))?.code).toBe("Access-Reject");
    expect(home.seen).toMatchObject([
      { password: "287082", messageAuthenticator: "right", proxyStates: 1 },
      { password: "000000", messageAuthenticator: "right", proxyStates: 1 },
    ]);
  },
);

test("a challenge comes through FreeRADIUS with its State, and the State goes back", async () => {
  const edge = { port: proxy.port, secret: "edge-secret" };
  const challenge = await radclient(edge, as("first"));
  expect(challenge?.code).toBe("Access-Challenge");
  const state = challenge?.attributes.find(({ name }) => name === "State")?.value ?? "";
  expect((await radclient(edge, [...as("287082"), ["State", state]]))?.code).toBe("Access-Accept");
  expect(statesSeen()).toEqual([[], ["the same again"]]);
});

test("Debian's pam_radius signs nothing, asks what a challenge asks, and lets in whom the server accepts", async () => {
  expect(await pamtester(home, { user: "ada", answers: ["287082"] })).toMatchObject({ accepted: true });
  expect(await pamtester(home, { user: "ada", answers: ["000000"] })).toMatchObject({ accepted: false });
  expect(await pamtester(home, { user: "ada", answers: ["first", "287082"] })).toMatchObject({
    accepted: true,
    output: expect.stringContaining("Code: "),
  });
  expect(home.seen.map((seen) => [seen.password, seen.messageAuthenticator])).toEqual([
    ["287082", "absent"],
    ["000000", "absent"],
    ["first", "absent"],
    ["287082", "absent"],
  ]);
  expect(statesSeen().at(-1)).toEqual(["the same again"]);
});
