// Which packets are believed, and what those that are not may change: nothing. Over real sockets, on SQLite.
import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { readPacket } from "../../peers/support/radius-packets.ts";
import { waitUntil } from "../../support/process.ts";
import { proxyState, results, secret, settled, site, snapshot, valuesOf, type Site } from "./setup.ts";

let s: Site;
beforeEach(async () => void (s = await site()));
afterEach(async () => await s.close());

const attribute = (of: number, value: Buffer | string) => ({ type: of, value: Buffer.from(value as string) });

//
test("every kind of reply has one Message-Authenticator, and it comes first", async () => {
  const ada = await s.w.person({ username: "ada" });
  await s.client({ reply: ["Session-Timeout=60"] });
  const server = await s.serve();
  const vpn = await s.nas();
  const replies = [
    await vpn.ask({ password: s.w.code(ada) }, server),
    await vpn.ask({ password: s.w.code(ada) }, server),
    await vpn.ask({ password: "" }, server),
    await vpn.exchange(vpn.statusServer(), server),
  ];
  expect(replies.map((reply) => reply.code)).toEqual([
    code.accessAccept,
    code.accessReject,
    code.accessChallenge,
    code.accessAccept,
  ]);
  for (const { bytes } of replies) {
    const types = readPacket(bytes).attributes.map((one) => one.type);
    expect(types[0]).toBe(type.messageAuthenticator);
    expect(types.filter((one) => one === type.messageAuthenticator)).toHaveLength(1);
  }
});

//
describe("a Message-Authenticator that is wrong", () => {
  test("any bit flipped anywhere: silence, and nothing in the database has changed", async () => {
    const ada = await s.w.person({ username: "ada" });
    await s.client();
    const server = await s.serve();
    const vpn = await s.nas();
    const good = vpn.request({ password: s.w.code(ada) });
    const before = await snapshot(s.w);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      vpn.send(bad, server);
      if (bit % 64 === 0) await settled(vpn, server);
    }
    await settled(vpn, server);
    expect(vpn.inbox).toEqual([]);
    expect(await snapshot(s.w)).toBe(before);
    // not even the memory of repetitions: the packet itself is still new
    expect((await vpn.exchange(good, server)).code).toBe(code.accessAccept);
  });

  test.each([
    ["twice", [18, 18]],
    ["one octet too short", [17]],
    ["one octet too long", [19]],
    ["empty", [2]],
  ])("%s: silence and no change, also where it need not be there at all", async (_, lengths) => {
    await s.w.person({ username: "ada" });
    await s.client({ requireMessageAuthenticator: "no" });
    const server = await s.serve();
    const vpn = await s.nas();
    const before = await snapshot(s.w);
    const more = lengths.map((length) => attribute(type.messageAuthenticator, Buffer.alloc(length - 2)));
    vpn.send(vpn.request({ password: "123456", signed: false, more }), server);
    await settled(vpn, server);
    expect(vpn.inbox).toEqual([]);
    expect(await snapshot(s.w)).toBe(before);
  });

  test("its place does not matter", async () => {
    const ada = await s.w.person({ username: "ada" });
    await s.client();
    const server = await s.serve();
    const vpn = await s.nas();
    const first = vpn.request({ password: s.w.code(ada) });
    // signed where it stands: at the end
    const last = Buffer.concat([first.subarray(0, 20), first.subarray(38), Buffer.of(80, 18), Buffer.alloc(16)]);
    createHmac("md5", secret)
      .update(last)
      .digest()
      .copy(last, last.length - 16);
    expect((await vpn.exchange(last, server)).code).toBe(code.accessAccept);
  });
});

//
describe("what a client must sign", () => {
  const flags = ["yes", "no", "auto"] as const;
  const cases = flags.flatMap((require) =>
    [true, false].flatMap((limit) =>
      ([[], ["proxied"], ["EAP"]] as const).flatMap((kinds) =>
        [true, false].map((signed) => ({ require, limit, carries: kinds[0] ?? "nothing more", signed })),
      ),
    ),
  );
  const answered = ({ require, limit, carries, signed }: (typeof cases)[number]) =>
    signed || (require !== "yes" && carries !== "EAP" && !(carries === "proxied" && limit));

  test.each(cases.map((one) => ({ ...one, verdict: answered(one) ? "answered" : "silence" })))(
    "require $require, limit-proxy-state $limit, signed $signed, carries $carries: $verdict",
    async ({ require, limit, carries, signed, verdict }) => {
      const ada = await s.w.person({ username: "ada" });
      await s.client({ requireMessageAuthenticator: require, limitProxyState: limit });
      const server = await s.serve();
      const vpn = await s.nas();
      const before = await snapshot(s.w);
      const more =
        carries === "proxied" ? [proxyState("p")] : carries === "EAP" ? [attribute(type.eapMessage, "e")] : [];
      vpn.send(vpn.request({ password: s.w.code(ada), signed, more }), server);
      await settled(vpn, server);
      const changed = (await snapshot(s.w)) !== before;
      const seen = vpn.inbox.map((reply) => reply.code);
      expect({ seen, changed }).toEqual(
        verdict === "answered" ? { seen: [code.accessAccept], changed: true } : { seen: [], changed: false },
      );
    },
  );
});

//
test("a client that anybody could forge is named in the log at every start", async () => {
  await s.client({ requireMessageAuthenticator: "no", limitProxyState: false });
  await s.client({}, { name: "other", addresses: ["127.0.0.2"] });
  await (await s.serve()).stop();
  await s.serve();
  const line = { fields: { client: "vpn", warnings: expect.stringContaining("DANGER") } };
  expect(s.w.logged).toMatchObject([line, line]);
});

//
describe("auto", () => {
  test("one signed packet and signing is required: on every node after it reloads, and after a restart", async () => {
    await s.client({ requireMessageAuthenticator: "auto" });
    const [a, b] = [await s.serve(), await s.serve(await s.w.node("node_b"))];
    const vpn = await s.nas();
    const answers = async (server: typeof a, signed: boolean) => {
      vpn.send(vpn.request({ password: "123456", signed }), server);
      await settled(vpn, server);
      return vpn.inbox.splice(0).length > 0;
    };
    expect([await answers(a, false), await answers(b, false)]).toEqual([true, true]);
    expect(await answers(a, true)).toBe(true);
    expect(await answers(a, false)).toBe(false);
    const pins = s.w.deps.db.q.selectFrom("log").select("seq").where("result", "=", "RADIUS_CLIENT_PINNED");
    await waitUntil("the pin to be written", async () => (await pins.execute()).length === 1);
    await b.reload();
    expect(await answers(b, false)).toBe(false);
    expect(await answers(await s.serve(await s.w.node("node_c")), false)).toBe(false);
    expect(await answers(b, true)).toBe(true);
  });

  test("an unsigned packet, or a signed one with EAP, pins nothing", async () => {
    await s.client({ requireMessageAuthenticator: "auto" });
    const server = await s.serve();
    const vpn = await s.nas();
    await vpn.ask({ password: "123456", signed: false }, server);
    await vpn.ask({ password: "123456", more: [attribute(type.eapMessage, "e")] }, server);
    expect((await vpn.ask({ password: "123456", signed: false }, server)).code).toBe(code.accessReject);
  });

  test("is not to be had for a range of addresses", async () => {
    await expect(
      s.client({ requireMessageAuthenticator: "auto" }, { addresses: ["10.0.0.0/8"] }),
    ).rejects.toMatchObject({ code: "invalid" });
  });
});

//
test("nothing that a requester chose comes back, but Proxy-State", async () => {
  const marks = new Map<string, string>();
  const mark = (what: string) => {
    const made = randomBytes(9).toString("hex");
    marks.set(what, made);
    return made;
  };
  const user = mark("User-Name");
  const ada = await s.w.person({ username: user, phone: "+46701234567" });
  await s.client({ requireMessageAuthenticator: "no", reply: ["Session-Timeout=60"] });
  const server = await s.serve();
  const vpn = await s.nas();
  const others = [type.replyMessage, type.class, type.callingStationId, type.nasIdentifier, type.filterId, 250];
  const more = others.map((of) => attribute(of, mark(`attribute ${of}`)));
  more.push(
    attribute(type.vendorSpecific, Buffer.concat([Buffer.of(0, 0, 0x0d, 0xe9, 1, 20), Buffer.from(mark("VSA"))])),
  );
  const replies = [];
  for (const signed of [true, false]) {
    const asked = await vpn.ask({ user, password: "", more, signed }, server);
    replies.push(
      asked,
      await vpn.ask({ user, password: mark("answer"), more, signed, state: valuesOf(asked, type.state)[0] }, server),
    );
    replies.push(await vpn.ask({ user, password: mark("code"), more, signed }, server));
    replies.push(await vpn.ask({ user: mark("nobody"), password: mark("code"), more, signed }, server));
    replies.push(await vpn.ask({ user, password: s.w.code(ada), more, signed }, server));
    s.w.clock.at += 60_000;
  }
  expect(new Set(replies.map((reply) => reply.code))).toEqual(
    new Set([code.accessAccept, code.accessReject, code.accessChallenge]),
  );
  for (const { bytes } of replies)
    for (const [what, made] of marks) expect(bytes.includes(made), `${what} in a reply`).toBe(false);
});

//
test("every Proxy-State comes back unchanged and in its order", async () => {
  const ada = await s.w.person({ username: "ada" });
  await s.client();
  const server = await s.serve();
  const vpn = await s.nas();
  const values = [
    randomBytes(253),
    Buffer.alloc(0),
    Buffer.from("b"),
    Buffer.from("a"),
    Buffer.from("b"),
    randomBytes(7),
  ];
  const more = [proxyState(values[0]!), attribute(type.nasIdentifier, "between"), ...values.slice(1).map(proxyState)];
  for (const password of ["", s.w.code(ada), "000000"])
    expect(valuesOf(await vpn.ask({ password, more }, server), type.proxyState)).toEqual(values);
});

//
describe("Status-Server", () => {
  test("is answered while the database does not answer, and by a node that is ready alone", async () => {
    await s.client();
    let ready = true;
    const stalled = async () => await new Promise<never>(() => undefined);
    const deps = {
      ...s.w.deps,
      db: { ...s.w.deps.db, reserve: stalled, settle: stalled, atOnce: stalled, transaction: stalled },
    };
    const server = await s.serve(deps, { ready: () => ready });
    const vpn = await s.nas();
    const begun = performance.now();
    expect((await vpn.exchange(vpn.statusServer([proxyState("p")]), server)).code).toBe(code.accessAccept);
    expect(performance.now() - begun).toBeLessThan(1000);
    ready = false;
    vpn.send(vpn.statusServer(), server);
    vpn.send(vpn.request({ password: "123456" }), server);
    await waitUntil("both to be taken", () => server.stats().received === 3);
    ready = true;
    const inbox = vpn.inbox.length;
    await settled(vpn, server);
    expect(vpn.inbox).toHaveLength(inbox);
    expect(server.stats().dropped).toEqual({ "this node cannot decide now": 1 });
  });

  test("unsigned, it is not answered, whatever the client may leave unsigned", async () => {
    await s.client({ requireMessageAuthenticator: "no" });
    const server = await s.serve();
    const vpn = await s.nas();
    vpn.send(vpn.request({ code: code.statusServer, signed: false }), server);
    await settled(vpn, server);
    expect(vpn.inbox).toEqual([]);
  });
});

//
describe("what is malformed", () => {
  const header = (length: number, body: Buffer = Buffer.alloc(0)) => {
    const head = Buffer.concat([Buffer.of(1, 9, 0, 0), randomBytes(16), body]);
    head.writeUInt16BE(length, 2);
    return head;
  };
  const many = Buffer.concat(Array.from({ length: 201 }, () => Buffer.of(26, 2)));
  test.each<[string, Buffer]>([
    ["an empty datagram", Buffer.alloc(0)],
    ["nineteen octets", header(19).subarray(0, 19)],
    ["a Length below twenty", header(19)],
    ["a Length beyond the datagram", header(21)],
    ["a Length beyond 4096", header(4097, Buffer.alloc(4077))],
    ["an attribute of length 0", header(22, Buffer.of(1, 0))],
    ["an attribute of length 1", header(22, Buffer.of(1, 1))],
    ["an attribute beyond the end", header(23, Buffer.of(1, 4, 0))],
    ["half an attribute header", header(21, Buffer.of(1))],
    ["201 attributes", header(20 + many.length, many)],
    ["an Accounting-Request", Buffer.concat([Buffer.of(4), header(20).subarray(1)])],
    ["an Access-Accept", Buffer.concat([Buffer.of(2), header(20).subarray(1)])],
  ])("%s gets silence, also from a client that signs nothing", async (_, bytes) => {
    await s.client({ requireMessageAuthenticator: "no" });
    const server = await s.serve();
    const vpn = await s.nas();
    const before = await snapshot(s.w);
    vpn.send(bytes, server);
    await settled(vpn, server);
    expect(vpn.inbox).toEqual([]);
    expect(await snapshot(s.w)).toBe(before);
  });

  test("octets after the packet's own length are nothing", async () => {
    const ada = await s.w.person({ username: "ada" });
    await s.client();
    const server = await s.serve();
    const vpn = await s.nas();
    const bytes = vpn.request({ password: s.w.code(ada) });
    vpn.send(Buffer.concat([bytes, randomBytes(40)]), server);
    expect((await vpn.answerTo(bytes)).code).toBe(code.accessAccept);
  });

  test("noise, and packets with parts replaced: never an answer, never an error", async () => {
    await s.w.person({ username: "ada" });
    await s.client();
    const server = await s.serve();
    const vpn = await s.nas();
    const good = vpn.request({ password: "123456", more: [proxyState("p")] });
    const mutation = fc.tuple(fc.nat(good.length - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }));
    const mutated = ([at, octets]: [number, Uint8Array]) =>
      Buffer.concat([good.subarray(0, at), octets, good.subarray(at + octets.length)]);
    const noise = fc.sample(fc.uint8Array({ maxLength: 300 }), 1000).map((octets) => Buffer.from(octets));
    const packets = [...noise, ...fc.sample(mutation, 2000).map(mutated)].filter(
      (bytes) => !bytes.subarray(0, good.length).equals(good),
    );
    for (const [index, bytes] of packets.entries()) {
      vpn.send(bytes, server);
      if (index % 100 === 0) await settled(vpn, server);
    }
    await settled(vpn, server);
    expect(vpn.inbox).toEqual([]);
    expect(await results(s.w)).toEqual([]);
  });
});
