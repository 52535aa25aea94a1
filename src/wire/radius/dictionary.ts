// Attributes by name: reply items as an administrator writes them, and attributes as a log shows them. What
// must stay true: no password, key or response is ever shown, not even one that this dictionary does not know,
// and no reply item can stand for what only the server may say (Message-Authenticator, State, Proxy-State).
import ipaddr from "ipaddr.js";
import { standard, valueNames, vendors } from "./dictionary-table.ts";
import type { Kind, Row } from "./dictionary-table.ts";
import { attributeType } from "./codes.ts";
import type { NewAttribute } from "./packet.ts";
import { escapeText, readText } from "./text.ts";

type Definition = { name: string; vendor: number; type: number; kind: Kind };

const standardVendor = 0;
const byName = new Map<string, Definition>();
const byNumber = new Map<string, Definition>();

function define([name, type, kind]: Row, vendor: number): void {
  const definition = { name, vendor, type, kind };
  byName.set(name.toLowerCase(), definition);
  const number = `${vendor}.${type}`;
  if (!byNumber.has(number)) byNumber.set(number, definition);
}
for (const row of standard) define(row, standardVendor);
for (const [vendor, rows] of Object.entries(vendors)) for (const row of rows) define(row, Number(vendor));

/** How a value is written and shown; undefined means that it is not of this kind. */
type Form = {
  expects: string;
  encode: (text: string, as: { name: string; tag: number | undefined }) => Buffer | undefined;
  show: (value: Buffer, name: string) => string | undefined;
};

const hidden = (value: Buffer) => `(${value.length} octets, not shown)`;
const hex = (value: Buffer) => `0x${value.toString("hex")}`;
const plainText = (text: string) => (text === "" || text.includes("\0") ? undefined : Buffer.from(text));
const never = { expects: "something that may be configured", encode: () => undefined };

function wholeNumber(text: string, limit: { name: string; max: number }): number | undefined {
  const wanted = text.toLowerCase();
  const named = Object.entries(valueNames[limit.name] ?? {}).find(([name]) => name.toLowerCase() === wanted);
  if (named) return named[1];
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text)) return undefined;
  return Number(text) <= limit.max ? Number(text) : undefined;
}

function nameOfValue(number: number, name: string): string {
  const named = Object.entries(valueNames[name] ?? {}).find(([, value]) => value === number);
  return named ? named[0] : String(number);
}

function uint32(number: number | undefined): Buffer | undefined {
  if (number === undefined) return undefined;
  const value = Buffer.alloc(4);
  value.writeUInt32BE(number);
  return value;
}

function ipv6Octets(text: string): Buffer | undefined {
  // a zone (%eth0) has a meaning on one machine only
  return ipaddr.IPv6.isValid(text) && !text.includes("%")
    ? Buffer.from(ipaddr.IPv6.parse(text).toByteArray())
    : undefined;
}
const ipv6Text = (octets: Buffer) => new ipaddr.IPv6([...octets]).toRFC5952String();

const forms: Record<Kind, Form> = {
  text: { expects: "text", encode: plainText, show: escapeText },
  octets: {
    expects: "text, or octets written as 0x and pairs of hexadecimal digits",
    encode: (text) => (/^0x([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text.slice(2), "hex") : plainText(text)),
    show: (value) => readText(value) ?? hex(value),
  },
  integer: {
    expects: "a number from 0 to 4294967295 or one of the attribute's named values",
    encode: (text, { name }) => uint32(wholeNumber(text, { name, max: 0xffffffff })),
    show: (value, name) => (value.length === 4 ? nameOfValue(value.readUInt32BE(), name) : undefined),
  },
  date: {
    expects: "a number of seconds since 1970",
    encode: (text, { name }) => uint32(wholeNumber(text, { name, max: 0xffffffff })),
    show: (value) => (value.length === 4 ? new Date(value.readUInt32BE() * 1000).toISOString() : undefined),
  },
  ipaddr: {
    expects: "an IPv4 address",
    encode: (text) => (ipaddr.IPv4.isValidFourPartDecimal(text) ? Buffer.from(text.split(".").map(Number)) : undefined),
    show: (value) => (value.length === 4 ? value.join(".") : undefined),
  },
  ipv6addr: {
    expects: "an IPv6 address",
    encode: ipv6Octets,
    show: (value) => (value.length === 16 ? ipv6Text(value) : undefined),
  },
  // RFC 3162 §2.3: a reserved octet, the length, and as much of the prefix as one likes; bits after it are zero
  ipv6prefix: {
    expects: "an IPv6 prefix such as 2001:db8::/48",
    encode: (text) => {
      if (!ipaddr.IPv6.isValidCIDR(text)) return undefined;
      const network = ipaddr.IPv6.networkAddressFromCIDR(text).toByteArray();
      return Buffer.from([0, ipaddr.IPv6.parseCIDR(text)[1], ...network]);
    },
    show: (value) =>
      value.length >= 2 && value.length <= 18 && value[1]! <= 128
        ? `${ipv6Text(Buffer.concat([value.subarray(2), Buffer.alloc(16)], 16))}/${value[1]}`
        : undefined,
  },
  ifid: {
    expects: "an interface identifier such as 0000:0000:0000:0001",
    encode: (text) =>
      /^[0-9a-f]{4}(:[0-9a-f]{4}){3}$/i.test(text) ? Buffer.from(text.replaceAll(":", ""), "hex") : undefined,
    show: (value) => (value.length === 8 ? value.toString("hex").replace(/(?!^)(?=(.{4})+$)/g, ":") : undefined),
  },
  // RFC 2868 §3: a number always gives up its first octet to the tag, a text only if there is one (1 to 31)
  "tagged-integer": {
    expects: "a number from 0 to 16777215 or one of the attribute's named values",
    encode: (text, { name, tag }) => {
      const value = uint32(wholeNumber(text, { name, max: 0xffffff }));
      value?.writeUInt8(tag ?? 0);
      return value;
    },
    show: (value, name) => (value.length === 4 ? nameOfValue(value.readUIntBE(1, 3), name) : undefined),
  },
  "tagged-text": {
    expects: "text",
    encode: (text, { tag }) => {
      const value = plainText(text);
      return value && tag !== undefined ? Buffer.concat([Buffer.from([tag]), value]) : value;
    },
    show: (value) => escapeText(tagOf(value) === undefined ? value : value.subarray(1)),
  },
  secret: { ...never, show: hidden },
  protocol: { ...never, show: hex },
};

/**
 * `Filter-Id=staff`, `Fortinet-Group-Name=vpn`, `Tunnel-Type:1=VLAN`, or by number `Attr-26.VENDOR.TYPE=0x01`.
 * Names are understood in any case. Throws an Error whose message says what is wrong with which attribute.
 */
export function parseReplyItem(item: string): NewAttribute {
  const equals = item.indexOf("=");
  if (equals < 1) throw new Error(`"${escapeText(item)}" is not of the form NAME=VALUE.`);
  const [label = "", tagText] = item.slice(0, equals).trim().split(":", 2);
  const text = item.slice(equals + 1).trim();
  const definition = byName.get(label.toLowerCase()) ?? byAttrNumber(label);
  if (!definition)
    throw new Error(
      `There is no attribute named "${escapeText(label)}". One without a name is written Attr-26.VENDOR.TYPE.`,
    );
  const { name, kind, vendor, type } = definition;
  if (kind === "secret" || kind === "protocol")
    throw new Error(`${name} is set by the server itself and cannot be a reply item.`);
  const value = forms[kind].encode(text, { name, tag: parseTag(tagText, definition) });
  if (!value) throw new Error(`${name}: "${escapeText(text)}" is not ${forms[kind].expects}.`);
  const most = vendor === standardVendor ? 253 : 247; // a vendor's has six octets of its own in front
  if (value.length > most) throw new Error(`${name}: the value has ${value.length} octets, at most ${most} fit.`);
  if (vendor === standardVendor) return { type, value };
  const front = Buffer.from([0, 0, 0, 0, type, value.length + 2]);
  front.writeUInt32BE(vendor);
  return { type: attributeType.vendorSpecific, value: Buffer.concat([front, value]) };
}

function byAttrNumber(label: string): Definition | undefined {
  const [, outer, vendorText, inner] = /^Attr-(\d{1,3})(?:\.(\d{1,8})\.(\d{1,3}))?$/i.exec(label) ?? [];
  if (outer === undefined) return undefined;
  const isVendor = Number(outer) === attributeType.vendorSpecific;
  const vendor = vendorText === undefined ? standardVendor : Number(vendorText);
  const type = Number(inner ?? outer);
  const possible = isVendor === vendor > standardVendor && vendor <= 0xffffff && type >= 1 && type <= 255;
  if (!possible) return undefined;
  return byNumber.get(`${vendor}.${type}`) ?? { name: label, vendor, type, kind: "octets" };
}

function parseTag(text: string | undefined, { name, kind }: Definition): number | undefined {
  if (text === undefined) return undefined;
  if (kind !== "tagged-integer" && kind !== "tagged-text")
    throw new Error(`${name} takes no tag: write ${name}=VALUE.`);
  const tag = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (tag < 1 || tag > 31) throw new Error(`${name}: the tag "${escapeText(text)}" is not a number from 1 to 31.`);
  return tag;
}

const tagOf = (value: Buffer) => (value.length > 0 && value[0]! >= 1 && value[0]! <= 31 ? value[0] : undefined);

/** One line for a log, at most 253 characters. What is unknown may be a secret, so only its size is told. */
export function describe({ type, value }: NewAttribute): { name: string; text: string } {
  if (type !== attributeType.vendorSpecific) return describeAs({ vendor: standardVendor, type, value });
  const name = "Vendor-Specific";
  const inner = value.length >= 4 ? vendorAttributes(value) : undefined;
  if (!inner) return { name, text: hidden(value) };
  const [only, ...more] = inner.map(describeAs);
  if (only && more.length === 0) return only;
  return { name, text: escapeText([only, ...more].map((one) => `${one?.name}=${one?.text}`).join(", ")) };
}

function describeAs({ vendor, type, value }: { vendor: number; type: number; value: Buffer }) {
  const definition = byNumber.get(`${vendor}.${type}`);
  if (!definition)
    return {
      name: vendor === standardVendor ? `Attr-${type}` : `Attr-26.${vendor}.${type}`,
      text: hidden(value),
    };
  const { name, kind } = definition;
  const tag = kind === "tagged-integer" || kind === "tagged-text" ? tagOf(value) : undefined;
  const text = forms[kind].show(value, name) ?? hex(value);
  return { name: tag === undefined ? name : `${name}:${tag}`, text: escapeText(text) };
}

/** RFC 2865 §5.26, the form it recommends; undefined when a vendor chose another. */
function vendorAttributes(value: Buffer): { vendor: number; type: number; value: Buffer }[] | undefined {
  const vendor = value.readUInt32BE();
  const found = [];
  for (let at = 4; at < value.length;) {
    const end = at + (value[at + 1] ?? 0);
    if (end < at + 2 || end > value.length) return undefined;
    found.push({ vendor, type: value[at]!, value: value.subarray(at + 2, end) });
    at = end;
  }
  return found.length > 0 ? found : undefined;
}
