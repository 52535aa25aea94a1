// What a packet asks and how an outcome reads, without sockets or a database.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RadiusClient } from "#actions/radius-clients.ts";
import { denyCodes, type Outcome } from "#core/outcome.ts";
import { radiusClientOptions } from "#core/radius-client.ts";
import { encodeRequest } from "#wire/radius/client.ts";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { decode, type NewAttribute } from "#wire/radius/packet.ts";
import { read, receive } from "./answer.ts";
import type { Incoming } from "./reply.ts";
import { render } from "./render.ts";
import type { Server } from "./server.ts";

const secret = Buffer.from("a secret of thirty-two characters");
const clientWith = (given: Partial<RadiusClient["options"]>): RadiusClient => {
  const options = radiusClientOptions.parse(given);
  const { firstFactor, mode, allowWithoutMethodUntil } = options;
  const application = {
    id: "rcl_1",
    name: "vpn",
    firstFactor,
    canChallenge: mode === "challenge",
    allowWithoutMethodUntil,
  };
  return {
    id: "rcl_1",
    name: "vpn",
    addresses: ["127.0.0.1"],
    secret,
    options,
    application,
    replyAttributes: [{ type: type.filterId, value: Buffer.from("staff") }],
    requiresMessageAuthenticator: true,
  };
};
const asks = (password: string | Buffer, client: RadiusClient, more: NewAttribute[] = []) => {
  const attributes = [{ type: type.userName, value: Buffer.from("ada") }, ...more];
  const bytes = encodeRequest(
    { code: code.accessRequest, identifier: 1, attributes, password: Buffer.from(password as string) },
    secret,
  );
  const decoded = decode(bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  return read(decoded.packet, client, "peer");
};
const begun = (asked: ReturnType<typeof asks>) => {
  if (!("begin" in asked)) throw new Error("not a first request");
  const { password, code: given } = asked.begin;
  return { password, code: given };
};

/** Whatever fits beside a separator and eight digits, has no NUL and is text. */
const password = fc
  .oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
    fc.stringMatching(/^[\d,]{1,30}$/),
    fc
      .tuple(fc.string({ minLength: 1, maxLength: 30 }), fc.stringMatching(/^,?\d{1,8}$/))
      .map((parts) => parts.join("")),
  )
  .filter((text) => !text.includes("\0") && Buffer.byteLength(text) <= 119 && Buffer.from(text).toString() === text);
const digits = (length: number) => fc.stringMatching(new RegExp(`^\\d{${length}}$`));

//
describe("password and code in one field are told apart", () => {
  test("append: at the last separator, whatever the password holds", () => {
    fc.assert(
      fc.property(
        password,
        fc.integer({ min: 6, max: 8 }).chain(digits),
        fc.constantFrom(",", ";", " ", "å"),
        (text, given, separator) => {
          const client = clientWith({ mode: "append", separator });
          expect(begun(asks(`${text}${separator}${given}`, client))).toEqual({ password: text, code: given });
        },
      ),
      { numRuns: 500 },
    );
  });

  test("append-fixed: the last digits, whatever the password holds", () => {
    const sized = fc.integer({ min: 6, max: 8 }).chain((length) => fc.tuple(fc.constant(length), digits(length)));
    fc.assert(
      fc.property(password, sized, (text, [codeLength, given]) => {
        const client = clientWith({ mode: "append-fixed", codeLength });
        expect(begun(asks(`${text}${given}`, client))).toEqual({ password: text, code: given });
      }),
      { numRuns: 500 },
    );
  });

  test.each(["append", "append-fixed"] as const)("%s: without a code all of it is the password", (mode) => {
    const ends = fc.constantFrom(
      "",
      ",",
      ",,",
      ",1",
      ",12345",
      ",12345x",
      ",x123456",
      ",123456,",
      "\u0661\u0662\u0663\u0664\u0665\u0666",
      "pa,ss",
    );
    const alone = fc.tuple(password, ends).map((parts) => parts.join(""));
    fc.assert(
      fc.property(
        alone.filter((text) => !/(^|,)[ -]*([0-9][ -]*){6,24}$|[0-9]{6}$/.test(text)),
        (text) => {
          expect(begun(asks(text, clientWith({ mode })))).toEqual({ password: text, code: undefined });
        },
      ),
      { numRuns: 500 },
    );
  });

  test("append: a code in groups, and one with the PIN behind it, are codes; what no method's code can be is none", () => {
    const told = (text: string) => begun(asks(`pa,ss,${text}`, clientWith({ mode: "append" })));
    for (const code of ["123 456", "1234-5678", "1234568264", "1".repeat(24)])
      expect(told(code)).toEqual({ password: "pa,ss", code });
    for (const none of ["", "12345", "1".repeat(25), "#", "2", "ABCDE-FGHIJ-KLM", "+123456"])
      expect(told(none)).toEqual({ password: `pa,ss,${none}`, code: undefined });
  });

  test("with nothing before the code, or no separator, all of it is the password and no code came", () => {
    for (const text of ["", "123456", ",123456", "password"])
      expect(begun(asks(text, clientWith({ mode: "append" })))).toEqual({ password: text, code: undefined });
    for (const text of ["", "12345", "123456"])
      expect(begun(asks(text, clientWith({ mode: "append-fixed" })))).toEqual({ password: text, code: undefined });
  });

  test("a client that asks takes all of it as the password; one without a first factor as the code", () => {
    expect(begun(asks("a,123456", clientWith({})))).toEqual({ password: "a,123456", code: undefined });
    expect(begun(asks("123456", clientWith({ firstFactor: "none" })))).toEqual({
      password: undefined,
      code: "123456",
    });
    expect(begun(asks("", clientWith({ firstFactor: "none" })))).toEqual({
      password: undefined,
      code: undefined,
    });
  });
});

test("what is not text has no meaning as a password or a name", () => {
  expect(asks(Buffer.from([0x70, 0xff]), clientWith({}))).toHaveProperty("reject");
  expect(asks(Buffer.from("a\0b"), clientWith({}))).toHaveProperty("reject");
  const bytes = encodeRequest(
    {
      code: 1,
      identifier: 1,
      attributes: [{ type: type.userName, value: Buffer.of(0xff) }],
      password: Buffer.from("x"),
    },
    secret,
  );
  const decoded = decode(bytes);
  expect(decoded.ok && read(decoded.packet, clientWith({}), "peer")).toEqual({
    reject: "no readable User-Name",
  });
});

test("the caller behind the client is known by its Calling-Station-Id, if that is text", () => {
  const station = (value: Buffer) => {
    const asked = asks("x", clientWith({}), [{ type: type.callingStationId, value }]);
    return "begin" in asked && asked.begin.source.station;
  };
  expect(station(Buffer.from("198.51.100.7"))).toBe("198.51.100.7");
  expect(station(Buffer.of(0xff))).toBeUndefined();
});

describe("an outcome reads", () => {
  const open = {
    id: `chl_${Buffer.alloc(16, 5).toString("base64url")}`,
    round: 258,
    expiresAt: 0,
    prompt: { kind: "code", method: "totp", language: null, length: 6, digit: 1, others: [] },
  } as const;
  const deny = (of: (typeof denyCodes)[number], retry?: typeof open): Outcome => ({
    kind: "deny",
    correlationId: "cor_1",
    code: of,
    ...(retry && { retry: { ...retry, prompt: { ...retry.prompt, others: [] } } }),
  });
  const state = Buffer.concat([Buffer.alloc(16, 5), Buffer.of(2)]);

  test("the same for every refusal, so that nobody learns which; only what we cannot decide is silence (R-021)", () => {
    const replies = denyCodes.map((of) => [of, render(deny(of), clientWith({}))]);
    for (const [of, reply] of replies)
      expect(reply).toEqual(of === "unavailable" ? undefined : { code: code.accessReject, attributes: [] });
    expect(render({ kind: "elsewhere" }, clientWith({}))).toBeUndefined();
  });

  test("as a question once more where tries are left and the client can ask", () => {
    expect(render(deny("wrong_code", open), clientWith({}))).toEqual({
      code: code.accessChallenge,
      attributes: [
        { type: type.state, value: state },
        {
          type: type.replyMessage,
          value: Buffer.from("That code is not right. Try again. Enter the code from your app or token."),
        },
      ],
    });
    expect(render(deny("wrong_code", open), clientWith({ mode: "append" }))).toEqual({
      code: code.accessReject,
      attributes: [],
    });
  });

  test("as the client's attributes where someone may in", () => {
    const allow: Outcome = {
      kind: "allow",
      correlationId: "c",
      userId: "u",
      username: "ada",
      methods: ["totp"],
      gate: "code",
    };
    expect(render(allow, clientWith({}))).toEqual({
      code: code.accessAccept,
      attributes: [{ type: type.filterId, value: Buffer.from("staff") }],
    });
  });
});

test("a packet that says it is from port 0 is dropped before it is looked at, since no answer can be sent there", () => {
  const dropped: string[] = [];
  const server = {
    count: { received: 0 },
    dropped: { countStranger: (who: string, why: string) => dropped.push(who, why) },
  };
  const from = { address: "192.0.2.1", port: 0 };
  receive(server as unknown as Server, Buffer.alloc(20), { from } as Incoming);
  expect(dropped).toEqual(["192.0.2.1", "from port 0"]);
});
