import { getExampleNumber } from "libphonenumber-js/max";
import examples from "libphonenumber-js/examples.mobile.json";
import { expect, test } from "vitest";
import { destinationReader, numberRefusal, type Channel } from "./number-class.ts";
import { defaultSettings, type Settings } from "./settings/index.ts";

const read = await destinationReader();
const classOf = (number: string) => read(number).class;

/** Numbers as the numbering plans of these countries give them out, by what calling one costs or reaches. */
const known = {
  premium_rate: `+469001234567 +46939123456 +46944123456 +449001234567 +449098765432 +449111234567 +448431234567 +448701234567
    +499001123456 +499003123456 +33899123456 +33892123456 +39899123456 +34803123456 +34806123456 +34807123456 +319001234
    +319061234 +319091234567 +3290012345 +3290212345 +3290312345 +41900123456 +41901123456 +41906123456 +43900123456
    +43930123456 +4782012345 +4782912345 +4590123456 +35860012345 +35870012345 +48701234567 +48703123456 +351760123456
    +351607123456 +3531520123456 +3531550123456 +19002345678 +611900123456 +64900123456 +81990123456 +27862345678
    +529001234567 +78091234567 +78031234567 +420900123456 +420906123456 +421900123456 +3690123456 +40900123456 +40906123456
    +35990123456 +309091234567 +909001234567 +9721901234567 +3729001234 +37190123456 +37090012345 +35290112345 +38690123456
    +381900123456 +85290012345678 +6519001234567 +886203123456 +661900123456 +601600123456 +979123456789`,
  toll_free: `+46201234567 +46200123456 +448001234567 +448081570192 +498001234567 +33800123456 +33805123456 +39800123456
    +34800123456 +34900123456 +318001234 +3280012345 +41800123456 +43800123456 +4780012345 +4580123456 +35880012345
    +48800123456 +351800123456 +3531800123456 +18002345678 +18885551234 +18776543210 +611800123456 +64800123456 +81120123456
    +27801234567 +558001234567 +528001234567 +548001234567 +78001234567 +380800123456 +420800123456 +421800123456 +3680123456
    +40800123456 +35980012345 +308001234567 +908001234567 +9721800123456 +37180123456 +37080012345 +35280012345 +3548001234
    +385800123456 +38680123456 +381800123456 +6518001234567 +82801234567 +886800123456 +661800123456 +628001234567
    +6318001234567 +601800123456 +911800123456 +80012345678`,
  shared_cost: `+46771234567 +46770123456 +33810123456 +33820123456 +39840123456 +39848123456 +34901234567 +34902123456
    +41840123456 +41842123456 +41848123456 +43810123456 +43820123456 +48801234567 +351808123456 +3531850123456 +3531890123456
    +611300123456 +61131234 +27860123456 +553003123456 +420811123456 +420844123456 +421850123456 +40801123456 +35970012345
    +308011234567 +9721700123456 +37181123456 +80812345678`,
  pager: `+46740123456 +46742345678 +447640123456 +447666123456 +491641234567 +61163456789 +812012345678 +82152345678
    +85271121234 +41740123456 +41744123456`,
  satellite:
    "+881612345678 +881712345678 +870773123456 +870764123456 +88216123456 +8821621234567 +883510012345 +61147123456",
  voicemail: "+41860791234567 +41860441234567 +49160131234567 +49162551234567",
  company: "+358203123456 +358200123456 +4781512345",
  personal: `+46751234567 +46754123456 +447012345678 +34701234567 +41878123456 +4788012345 +353700123456 +15662345678
    +391781234567 +351884123456 +420700123456 +307012345678 +38574123456 +37270012345 +81601234567 +878101234567890`,
  ordinary: `+46701234567 +46899012345 +46101234567 +41581234567 +31881234567 +445512345678 +420972123456 +447400123456 +442071234567 +491701234567 +33612345678 +393123456789
    +31612345678 +41791234567 +4790123456 +358401234567 +12025550123 +819012345678 +447900123456`,
};

for (const [kind, numbers] of Object.entries(known))
  test(`${kind} is told from every other class`, () => {
    const wrong = numbers
      .split(/\s+/)
      .flatMap((number) => (classOf(number) === kind ? [] : [[number, classOf(number)]]));
    expect(wrong).toEqual([]);
  });

test("a mobile phone of every country is ordinary, and of that country", () => {
  const all = Object.keys(examples) as (keyof typeof examples)[];
  expect(all.length).toBeGreaterThan(200);
  const wrong = all.flatMap((country) => {
    const found = read(getExampleNumber(country, examples)!.number);
    return found.class === "ordinary" && found.countries[0] === country ? [] : [country];
  });
  // their plan is part of a neighbour's: Finland's, Guadeloupe's, Australia's, Morocco's, Britain's, Norway's, Italy's
  expect(wrong.toSorted()).toEqual(["AX", "BL", "CC", "CX", "EH", "IM", "MF", "SJ", "VA"]);
});

function refused(number: string, settings: Partial<Settings>, channel: Channel = "sms") {
  return numberRefusal(read(number), { settings: { ...defaultSettings, ...settings }, channel });
}

test("until somebody says where the organisation is, any country goes, and no class but the ordinary", () => {
  expect(refused("+46701234567", {})).toBeUndefined();
  expect(refused("+12025550123", {})).toBeUndefined();
  expect(refused("+469001234567", {})).toBe("premium_rate");
});

test("with a country set, only that one is sent to, and only those that are listed once some are", () => {
  const swedish = { "phone.default-country": "SE" };
  expect(refused("+46701234567", swedish)).toBeUndefined();
  expect(refused("+4790123456", swedish)).toBe("country");
  const norwegian = { ...swedish, "phone.allowed-countries": ["NO"] };
  expect(refused("+4790123456", norwegian)).toBeUndefined();
  expect(refused("+46701234567", norwegian)).toBe("country");
});

test("calls may have fewer countries than texts", () => {
  const settings = { "phone.allowed-countries": ["SE", "NO"], "phone.allowed-countries-for-calls": ["SE"] };
  expect(refused("+4790123456", settings)).toBeUndefined();
  expect(refused("+4790123456", settings, "voice")).toBe("country");
  expect(refused("+46701234567", settings, "voice")).toBeUndefined();
});

test("countries that share a code are told apart, and a range that none of them knows is any one's", () => {
  // the Bahamas, Jamaica, the Dominican Republic; the Isle of Man
  for (const number of ["+12423591234", "+18762101234", "+18092345678"])
    expect(refused(number, { "phone.default-country": "US" })).toBe("country");
  expect(refused("+447624123456", { "phone.default-country": "GB" })).toBe("country");
  expect(read("+447700900123")).toMatchObject({ class: "ordinary" });
  expect(refused("+447700900123", { "phone.default-country": "GB" })).toBeUndefined();
  expect(refused("+447700900123", { "phone.default-country": "SE" })).toBe("country");
});
