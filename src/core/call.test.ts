import { describe, expect, test } from "vitest";
import {
  advance,
  begin,
  callModes,
  isUnreached,
  speak,
  type Act,
  type CallContext,
  type CallEnd,
  type CallState,
  type Script,
  type ScriptEvent,
  type Verdict,
} from "./call.ts";
import { findPinFault } from "./pin.ts";
import type { ResultCode } from "./results.ts";

const rule = { shortest: 4, phones: ["+46701740635"], isRecent: (pin: string) => pin === "2580" };
const pin: CallContext["pin"] = { findFault: (text) => findPinFault(text, rule), hash: (text) => `hash of ${text}` };
const base: CallContext = { mode: "number", pin };
const number: CallContext = base;
const pinMode: CallContext = { ...base, mode: "pin" };
const standard: CallContext = { ...base, mode: "standard" };
const code: CallContext = { ...base, mode: "code", code: "482913" };
const fraud = { code: "0", block: true };

const right: Verdict = { kind: "right" };
const wrong = (retry = true, reason = "wrong_code"): Verdict => ({ kind: "wrong", retry, code: reason });

/** A leg under way: presses keys, waits, hangs up, and says what it heard. */
function call(context: CallContext) {
  let state: CallState = begin();
  const acts: Act[] = [];
  const step = (event: ScriptEvent) => {
    const move = advance(state, event, context);
    if (!move) return false;
    state = move.state;
    acts.push(...move.acts);
    return true;
  };
  const leg = {
    step,
    answered: (machine?: boolean) => (step({ kind: "answered", ...(machine !== undefined && { machine }) }), leg),
    /** `12#` is closed, `12` is not */
    keys: (text: string) => {
      const closed = text.endsWith("#");
      step({ kind: "digits", turn: state.turn, digits: closed ? text.slice(0, -1) : text, closed });
      return leg;
    },
    verdict: (verdict: Verdict) => (step({ kind: "verdict", verdict }), leg),
    ended: (how: CallEnd) => (step({ kind: "ended", how }), leg),
    hears: () => speak(state, context),
    words: () => speak(state, context).say.filter((one) => typeof one === "string"),
    acts,
    result: () => acts.find((act) => act.do === "end")?.result,
    state: () => state,
  };
  return leg;
}

const ends = (script: Script) => script.listen === undefined;

describe("typing the number", () => {
  test("the number and # go to the engine, whose yes ends the call", () => {
    const leg = call(number).answered();
    expect(leg.hears()).toEqual({ say: ["greeting_number"], listen: { digits: 20, seconds: 10 } });
    leg.keys("482913#");
    expect(leg.acts).toEqual([{ do: "answer", answer: "482913" }]);
    leg.verdict(right);
    expect(leg.hears()).toEqual({ say: ["authenticated"] });
    expect(leg.result()).toBeUndefined();
  });
  test("a wrong number may be typed again, until the engine says that it is enough", () => {
    const leg = call(number).answered().keys("111111#").verdict(wrong());
    expect(leg.words()).toEqual(["denied_retry", "retry_number"]);
    leg.keys("222222#").verdict(wrong(false));
    expect(leg.hears()).toEqual({ say: ["denied"] });
    expect(leg.acts).toHaveLength(2);
  });
  test("an attempt that is over elsewhere is told as denied", () => {
    expect(call(number).answered().keys("482913#").verdict({ kind: "over" }).words()).toEqual(["denied"]);
  });
  test("# alone is asked again, then denied: it transfers nothing", () => {
    const leg = call(number).answered().keys("#");
    expect(leg.words()).toEqual(["retry_number"]);
    expect(leg.keys("#").result()).toBe("SUCCESS_NO_PIN");
  });
});

describe("the PIN", () => {
  test("PIN and # go to the engine", () => {
    const leg = call(pinMode).answered();
    expect(leg.words()).toEqual(["greeting_pin"]);
    expect(leg.keys("2955#").acts).toEqual([{ do: "answer", answer: "2955" }]);
    expect(leg.verdict(wrong()).words()).toEqual(["denied_retry", "retry_pin"]);
    expect(leg.keys("2956#").verdict(right).words()).toEqual(["authenticated"]);
  });
  test("# alone is denied", () => {
    const leg = call(pinMode).answered().keys("#");
    expect(leg.result()).toBe("SUCCESS_NO_PIN");
    expect(leg.hears()).toEqual({ say: ["denied"] });
  });
  test("a star is invalid input: asked again, then denied", () => {
    const leg = call(pinMode).answered().keys("29*5#");
    expect(leg.words()).toEqual(["retry_pin"]);
    expect(leg.acts).toEqual([]);
    expect(leg.keys("*#").result()).toBe("SUCCESS_INVALID_INPUT");
  });
  test("digits without # are forgotten: asked again, then denied", () => {
    const leg = call(pinMode).answered().keys("2955");
    expect(leg.words()).toEqual(["retry_pin"]);
    expect(leg.keys("2955").result()).toBe("SUCCESS_WITH_PIN_BUT_TIMEOUT");
    expect(leg.acts).toHaveLength(1);
  });
});

describe("# alone", () => {
  test("goes to the engine as an empty answer", () => {
    const leg = call(standard).answered();
    expect(leg.words()).toEqual(["greeting"]);
    expect(leg.keys("#").acts).toEqual([{ do: "answer", answer: "" }]);
  });
  test("a PIN is denied", () => {
    expect(call(standard).answered().keys("2955#").result()).toBe("SUCCESS_WITH_PIN");
  });
  test("nothing pressed is asked once more, then the call ends", () => {
    const leg = call(standard).answered().keys("");
    expect(leg.words()).toEqual(["retry"]);
    leg.keys("");
    expect(leg.result()).toBe("SUCCESS_NO_PIN_BUT_TIMEOUT");
    expect(ends(leg.hears())).toBe(true);
  });
});

describe("a code that is read (R-047)", () => {
  const isRead = (script: Script) => script.say.some((one) => typeof one === "string" && one.startsWith("digit_"));
  test("nobody hears it before a key was pressed", () => {
    const leg = call(code).answered();
    expect(isRead(leg.hears())).toBe(false);
    expect(isRead(leg.keys("").hears())).toBe(false);
    leg.keys("");
    expect(isRead(leg.hears())).toBe(false);
    expect(leg.result()).toBe("SUCCESS_NO_PIN_BUT_TIMEOUT");
  });
  test("it is read digit by digit, once more on #, and not a third time", () => {
    const leg = call(code).answered().keys("#");
    expect(leg.words()).toEqual([
      "code",
      "digit_4",
      "digit_8",
      "digit_2",
      "digit_9",
      "digit_1",
      "digit_3",
      "code_again",
    ]);
    expect(leg.hears().say[3]).toEqual({ pauseMs: 400 });
    leg.keys("#");
    expect(leg.words().at(-1)).toBe("goodbye");
    expect(ends(leg.hears())).toBe(true);
    expect(leg.keys("#").words()).toEqual(["goodbye"]);
    expect(leg.acts).toEqual([]);
  });
  test("who does not want it again, or hangs up, has still heard it", () => {
    expect(call(code).answered().keys("1#").keys("").words()).toEqual(["goodbye"]);
    const leg = call(code).answered().keys("#").ended("hung_up");
    expect(leg.acts).toEqual([]);
    expect(leg.hears()).toEqual({ say: [] });
  });
});

describe("fraud", () => {
  test("is told how to report where that is on, and is denied before anything is asked", () => {
    const leg = call({ ...number, fraud }).answered();
    expect(leg.words()).toEqual(["fraud_greeting_number"]);
    leg.keys("0#");
    expect(leg.acts).toEqual([{ do: "end", result: "FAILED_FRAUD_CODE_ENTERED" }]);
    expect(leg.hears()).toEqual({ say: ["fraud_confirmation"], listen: { digits: 1, seconds: 10 } });
  });
  test.each([
    ["1", true],
    ["2", false],
    ["", false],
  ])("%j confirms a block: %s", (keys, block) => {
    const leg = call({ ...standard, fraud })
      .answered()
      .keys("0#")
      .keys(keys);
    expect(leg.acts.at(-1)).toEqual({ do: "report_fraud", block });
    expect(leg.words()).toEqual(["fraud_reported"]);
  });
  test("is reported without a block by whoever hangs up at the question", () => {
    const leg = call({ ...pinMode, fraud })
      .answered()
      .keys("0#")
      .ended("hung_up");
    expect(leg.acts.at(-1)).toEqual({ do: "report_fraud", block: false });
  });
  test("is reported at once where blocking is off", () => {
    const leg = call({ ...pinMode, fraud: { code: "911", block: false } }).answered();
    expect(leg.words()).toEqual(["fraud_greeting_pin"]);
    leg.keys("911#");
    expect(leg.acts).toEqual([
      { do: "end", result: "FAILED_FRAUD_CODE_ENTERED" },
      { do: "report_fraud", block: false },
    ]);
    expect(leg.words()).toEqual(["fraud_reported"]);
  });
  test("needs its #, and cannot be reported where it is off", () => {
    expect(
      call({ ...number, fraud })
        .answered()
        .keys("0").acts,
    ).toEqual([]);
    expect(call(number).answered().keys("0#").acts).toEqual([{ do: "answer", answer: "0" }]);
  });
});

describe("a PIN that is over", () => {
  const over = () => call(pinMode).answered().keys("2955#").verdict(wrong(true, "pin_expired"));
  test("a new one is typed twice, kept only as its hash, and then counts", () => {
    const leg = over();
    expect(leg.words()).toEqual(["pin_over", "pin_new"]);
    leg.keys("8163#");
    expect(leg.words()).toEqual(["pin_confirm"]);
    expect(leg.state()).toMatchObject({ newPin: "hash of 8163" });
    leg.keys("8163#");
    expect(leg.acts.at(-1)).toEqual({ do: "change_pin", pin: "8163" });
    expect(leg.state().newPin).toBeUndefined();
    expect(leg.verdict(right).words()).toEqual(["pin_changed"]);
  });
  test.each([
    ["#", "pin_form"],
    ["816#", "pin_length"],
    ["8111#", "pin_all_same"],
    ["8123#", "pin_sequential"],
    ["7406#", "pin_phone"],
    ["2580#", "pin_history"],
  ])("%s is refused with its reason (%s)", (keys, message) => {
    const leg = over().keys(keys);
    expect(leg.words()).toEqual([message, "pin_new"]);
    expect(leg.keys(keys).result()).toBe("SUCCESS_PIN_EXPIRED");
  });
  test("two that differ are asked for again", () => {
    const leg = over().keys("8163#").keys("8164#");
    expect(leg.words()).toEqual(["pin_mismatch", "pin_new"]);
    expect(leg.keys("8163#").keys("8164#").result()).toBe("SUCCESS_PIN_EXPIRED");
  });
  test("who does not finish is denied for it", () => {
    expect(over().keys("8163").keys("").result()).toBe("SUCCESS_PIN_EXPIRED");
    expect(over().keys("8163#").keys("8163").keys("8163#").keys("").result()).toBe("SUCCESS_PIN_EXPIRED");
    expect(over().ended("hung_up").result()).toBe("SUCCESS_PIN_EXPIRED");
    expect(over().keys("8163#").ended("hung_up").result()).toBe("SUCCESS_PIN_EXPIRED");
  });
});

describe("an extension", () => {
  const extension = { keys: ",890", operator: false };
  test("is dialled as tones, and the greeting waits for #", () => {
    const leg = call({ ...number, extension }).answered();
    expect(leg.hears()).toEqual({ say: ["extension"], dial: ",890", listen: { digits: 20, seconds: 10 } });
    expect(leg.keys("").hears().dial).toBeUndefined();
    expect(leg.keys("#").words()).toEqual(["greeting_number"]);
  });
  test("is told to whoever transfers the call", () => {
    const leg = call({ ...number, extension: { ...extension, operator: true } }).answered();
    expect(leg.words()).toEqual(["extension_before", "digit_8", "digit_9", "digit_0", "extension_after"]);
    expect(leg.hears().dial).toBeUndefined();
    expect(leg.keys("").keys("").result()).toBe("SUCCESS_NO_PIN_BUT_TIMEOUT");
  });
});

describe("a number that is being set up", () => {
  test.each([
    ["standard", "activation_greeting", "activation_retry"],
    ["pin", "activation_greeting_pin", "retry_pin"],
    ["number", "activation_greeting_number", "retry_number"],
    ["code", "greeting_code", "greeting_code"],
  ] as const)("%s has its own words", (mode, greeting, retry) => {
    const leg = call({ ...base, mode, activation: true, fraud }).answered();
    expect(leg.words()).toEqual([greeting]);
    expect(leg.keys("").words()).toEqual([retry]);
  });
  test("is told when it is done", () => {
    expect(
      call({ ...number, activation: true })
        .answered()
        .keys("1#")
        .verdict(right)
        .words(),
    ).toEqual(["activated"]);
  });
});

describe("a leg that nobody completes", () => {
  test.each<[CallEnd, ResultCode, boolean]>([
    ["busy", "CONFIG_ISSUE", true],
    ["no_answer", "CONFIG_ISSUE", true],
    ["unreachable", "CONFIG_ISSUE", true],
    ["hung_up", "FAILED_USER_HUNGUP_ON_US", false],
    ["failed", "FAILED_SERVER_ERROR", false],
  ])("%s: %s; the other phone is called: %s", (how, result, other) => {
    const leg = call(number).ended(how);
    expect(leg.result()).toBe(result);
    expect(isUnreached(leg.state(), result)).toBe(other);
  });
  test("hanging up without a key is told apart from silence", () => {
    expect(call(number).answered().ended("hung_up").result()).toBe("FAILED_USER_HUNGUP_ON_US");
    expect(call(number).answered().ended("failed").result()).toBe("FAILED_SERVER_ERROR");
  });
  test("hanging up while the engine decides loses to a right answer, and takes the further tries", () => {
    const leg = call(number).answered().keys("482913#").ended("hung_up");
    expect(leg.result()).toBeUndefined();
    expect(leg.step({ kind: "ended", how: "hung_up" })).toBe(false);
    leg.verdict(right);
    expect(leg.result()).toBeUndefined();
    const other = call(number).answered().keys("111111#").ended("hung_up").verdict(wrong());
    expect(other.result()).toBe("FAILED_USER_HUNGUP_ON_US");
  });
});

describe("voicemail", () => {
  test("that answers ends the leg, and the other phone is called", () => {
    const leg = call(standard).answered(true);
    expect(leg.result()).toBe("SUCCESS_NO_PIN_BUT_TIMEOUT");
    expect(isUnreached(leg.state(), "SUCCESS_NO_PIN_BUT_TIMEOUT")).toBe(true);
  });
  test("that is recognised late is not asked twice; a person taken for one may still press keys", () => {
    const leg = call(standard).answered().answered(true);
    expect(leg.step({ kind: "answered", machine: true })).toBe(false);
    expect(leg.keys("").result()).toBe("SUCCESS_NO_PIN_BUT_TIMEOUT");
    expect(isUnreached(leg.state(), "SUCCESS_NO_PIN_BUT_TIMEOUT")).toBe(true);
    const person = call(standard).answered().answered(true).keys("#");
    expect(person.acts).toEqual([{ do: "answer", answer: "" }]);
    const hungUp = call(standard).answered().answered(true).ended("hung_up");
    expect(hungUp.result()).toBe("SUCCESS_NO_PIN_BUT_TIMEOUT");
  });
  test("silence alone is a person's, whose other phone is left alone", () => {
    const leg = call(standard).answered().keys("").keys("");
    expect(isUnreached(leg.state(), "SUCCESS_NO_PIN_BUT_TIMEOUT")).toBe(false);
  });
});

describe("events that come twice, late or out of order (R-052)", () => {
  test("keys of an earlier turn, a verdict nobody waits for and a second answer change nothing", () => {
    const leg = call(number).answered();
    const { turn } = leg.state();
    leg.keys("111111#").verdict(wrong());
    expect(leg.step({ kind: "digits", turn, digits: "482913", closed: true })).toBe(false);
    expect(leg.step({ kind: "verdict", verdict: right })).toBe(false);
    expect(leg.step({ kind: "answered" })).toBe(false);
    expect(leg.words()).toEqual(["denied_retry", "retry_number"]);
  });
  test("keys before the answer, and while the engine decides, are not heard", () => {
    expect(call(number).keys("482913#").acts).toEqual([]);
    const leg = call(number).answered().keys("482913#");
    expect(leg.hears()).toEqual({ say: [], listen: { digits: 1, seconds: 1 } });
    expect(leg.keys("0#").acts).toHaveLength(1);
  });
  test("nothing moves a leg that is over", () => {
    for (const mode of callModes) {
      const leg = call({ ...base, mode, fraud })
        .answered()
        .ended("hung_up");
      const before = leg.acts.length;
      leg.answered().keys("0#").verdict(right).ended("busy");
      expect(leg.acts).toHaveLength(before);
      expect(leg.hears()).toEqual({ say: [] });
    }
  });
  test("a phone that rings hears nothing", () => {
    expect(call(number).hears()).toEqual({ say: [] });
  });
});
