/** One KeyPackage as the tokens that it holds. Version 1.0 is read strictly: what is not in its schema is refused. */

import type { FileRow, TokenRow } from "../token-row.ts";
import { base64Of, childOf, childrenOf, PartError, textOf, wholeText, type Element } from "./element.ts";
import { pskcNs, tokenTypes } from "./names.ts";
import type { Opened, Opener } from "./opening.ts";
import { datesOf, readPolicy, type Policy } from "./policy.ts";

/** The RFC's schema; elements of other namespaces stand only where it lets them. */
const schema: Record<string, string[]> = {
  KeyPackage: ["DeviceInfo", "CryptoModuleInfo", "Key", "Extensions"],
  DeviceInfo: "Manufacturer SerialNo Model IssueNo DeviceBinding StartDate ExpiryDate UserId Extensions".split(" "),
  Key: "Issuer AlgorithmParameters KeyProfileId KeyReference FriendlyName Data UserId Policy Extensions".split(" "),
  AlgorithmParameters: ["Suite", "ChallengeFormat", "ResponseFormat", "Extensions"],
};

function checkSchema(element: Element): void {
  for (const { name, ns } of element.children)
    if (ns !== pskcNs || !schema[element.name]!.includes(name))
      throw new PartError(`${element.name}: has an element that version 1.0 does not have`);
}

/** `ids` are those of the keys before. A PIN is no token and gives no row. */
export function readPackage(element: Element, { opener, ids }: { opener: Opener; ids: Set<string> }): FileRow[] {
  const keys = childrenOf(element, "Key", pskcNs);
  const info = element.children.find(({ name }) => name === "DeviceInfo");
  const serialNo = info?.children.find(({ name }) => name === "SerialNo")?.text.trim();
  if (keys.length === 0) return [{ line: element.line, serial: serialNo ?? "", reason: "Key: is missing" }];
  return keys.flatMap((key) => {
    const id = key.attributes.get("Id");
    const serial = (serialNo || (id ?? "")).slice(0, 256);
    try {
      checkSchema(element);
      if (childOf(element, "DeviceInfo")) checkSchema(info!);
      if (info) textOf(childOf(info, "SerialNo"));
      if (id === undefined) throw new PartError("Key: has no Id");
      if (ids.has(id)) throw new PartError("Key: its Id stands in an earlier package too");
      ids.add(id);
      const row = readKey({ key, info, opener });
      return row ? { line: element.line, serial, ...row } : [];
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      return { line: element.line, serial, reason: error.message };
    }
  });
}

type Told = Omit<TokenRow, "line" | "serial">;
type Reading = { key: Element; info: Element | undefined; opener: Opener };

function readKey({ key, info, opener }: Reading): Told | undefined {
  checkSchema(key);
  const uri = key.attributes.get("Algorithm");
  const type = uri === undefined ? undefined : tokenTypes.get(uri);
  if (type === "pin") return undefined;
  if (uri !== undefined && type === undefined) throw new PartError("Algorithm: is neither HOTP nor TOTP");
  const form = readForm(childOf(key, "AlgorithmParameters"));
  const policy = childOf(key, "Policy");
  const device = info ? { ...datesOf(info), warnings: [] } : { warnings: [] };
  const { warnings: policyWarnings, ...dates } = both(device, policy ? readPolicy(policy) : { warnings: [] });
  // last, so that nothing that is refused is opened
  const { warnings, ...data } = readData(childOf(key, "Data"), { type, opener });
  return {
    ...data,
    ...form,
    ...dates,
    type,
    manufacturer: info && textOf(childOf(info, "Manufacturer")),
    model: info && textOf(childOf(info, "Model")),
    warnings: [...policyWarnings, ...warnings],
  };
}

/** The key's and the device's: the narrower of both. */
function both(device: Policy, key: Policy): Policy {
  const starts = [device.startsAt, key.startsAt].filter((at) => at !== undefined);
  const ends = [device.expiresAt, key.expiresAt].filter((at) => at !== undefined);
  return {
    ...(starts.length > 0 && { startsAt: Math.max(...starts) }),
    ...(ends.length > 0 && { expiresAt: Math.min(...ends) }),
    warnings: [...device.warnings, ...key.warnings],
  };
}

function readForm(parameters: Element | undefined): Pick<Told, "algorithm" | "digits"> {
  if (!parameters) return {};
  checkSchema(parameters);
  if (childOf(parameters, "ChallengeFormat"))
    throw new PartError("ChallengeFormat: a token that asks for a challenge is not supported");
  const suite = textOf(childOf(parameters, "Suite"));
  const response = childOf(parameters, "ResponseFormat");
  const digits = response?.attributes.get("Length");
  if (response && response.attributes.get("Encoding") !== "DECIMAL")
    throw new PartError("ResponseFormat: its codes are not decimal digits");
  if (["true", "1"].includes(response?.attributes.get("CheckDigits") ?? ""))
    throw new PartError("ResponseFormat: codes with a check digit are not supported");
  return {
    ...(suite !== undefined && suite !== "" && { algorithm: suite.slice(0, 60) }),
    ...(digits !== undefined && { digits: whole(digits, "ResponseFormat: Length") }),
  };
}

function whole(text: string, what: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new PartError(`${what}: is not a whole number`);
  return Number(text);
}

function readData(
  data: Element | undefined,
  { type, opener }: { type: TokenRow["type"]; opener: Opener },
): Pick<Told, "secret" | "warnings" | "counter" | "period" | "drift"> {
  const secret = data && childOf(data, "Secret", pskcNs);
  if (!secret) throw new PartError("Secret: is not in the file: the key is known to its issuer alone");
  const number = (name: string) => numberOf(childOf(data, name, pskcNs), name, opener);
  const counter = number(type === "totp" ? "Time" : "Counter");
  const [period, drift] = [number("TimeInterval"), number("TimeDrift")];
  const { octets, warnings } = valueOf(secret, opener, (plain) => base64Of(plain, "Secret"));
  return {
    secret: { bytes: octets },
    warnings,
    ...(counter !== undefined && { counter }),
    ...(period !== undefined && { period }),
    ...(drift !== undefined && { drift }),
  };
}

function valueOf(element: Element, opener: Opener, read: (plain: Element) => Buffer): Opened {
  const plain = childOf(element, "PlainValue", pskcNs);
  const encrypted = childOf(element, "EncryptedValue", pskcNs);
  if (plain && encrypted) throw new PartError(`${element.name}: has a PlainValue and an EncryptedValue`);
  if (encrypted) return opener.open(encrypted, childOf(element, "ValueMAC", pskcNs));
  if (!plain) throw new PartError(`${element.name}: has no value`);
  return { octets: read(plain), warnings: [] };
}

/** RFC 6030 §4.2: in the clear a decimal number, encrypted a big-endian one of 4 or 8 octets; some write digits there too. */
function numberOf(element: Element | undefined, what: string, opener: Opener): number | undefined {
  if (!element) return undefined;
  let isPlain = false;
  const { octets } = valueOf(element, opener, (plain) => {
    isPlain = true;
    return Buffer.from(wholeText(plain, what).trim());
  });
  const text = octets.toString("latin1");
  const isBinary = !isPlain && (octets.length === 4 || octets.length === 8);
  if (!isBinary) return Number(/^-?\d{1,15}$/.exec(text)?.[0] ?? refuseNumber(what));
  const value = BigInt(`0x${octets.toString("hex")}`);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : refuseNumber(what);
}

function refuseNumber(what: string): never {
  throw new PartError(`${what}: is not a whole number`);
}
