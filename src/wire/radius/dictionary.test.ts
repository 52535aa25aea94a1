import { expect, test } from "vitest";
import { standard, valueNames, vendors } from "./dictionary-table.ts";
import { describe, parseReplyItem } from "./dictionary.ts";

const shown = (item: string) => {
  const { type, value } = parseReplyItem(item);
  return `${type} ${value.toString("hex")}`;
};
const text = (value: string) => Buffer.from(value).toString("hex");

test.each([
  ["Filter-Id=staff", `11 ${text("staff")}`],
  ["filter-id = staff", `11 ${text("staff")}`],
  ["Reply-Message=Välkommen", `18 ${text("Välkommen")}`],
  ["Service-Type=Framed-User", "6 00000002"],
  ["Service-Type=framed-user", "6 00000002"],
  ["Service-Type=6", "6 00000006"],
  ["Session-Timeout=28800", "27 00007080"],
  ["Session-Timeout=0xffffffff", "27 ffffffff"],
  ["Framed-IP-Address=10.0.0.1", "8 0a000001"],
  ["Login-IPv6-Host=2001:db8::1", "98 20010db8000000000000000000000001"],
  ["Framed-IPv6-Prefix=2001:db8::1/48", "97 003020010db8000000000000000000000000"],
  ["Framed-Interface-Id=0000:0000:0000:002a", "96 000000000000002a"],
  ["Class=OU=Sales;", `25 ${text("OU=Sales;")}`],
  ["Class=0x00ff", "25 00ff"],
  ["Event-Timestamp=1", "55 00000001"],
  ["Tunnel-Type=VLAN", "64 0000000d"],
  ["Tunnel-Type:1=VLAN", "64 0100000d"],
  ["Tunnel-Private-Group-Id=42", `81 ${text("42")}`],
  ["Tunnel-Private-Group-Id:31=42", `81 1f${text("42")}`],
  ["Fortinet-Group-Name=vpn", `26 00003044 0105 ${text("vpn")}`],
  ["Cisco-AVPair=shell:priv-lvl=15", `26 00000009 0113 ${text("shell:priv-lvl=15")}`],
  ["Group-Policy=Staff", `26 00000c04 1907 ${text("Staff")}`],
  ["ASA-Group-Policy=Staff", `26 00000c04 1907 ${text("Staff")}`],
  ["PaloAlto-User-Group=vpn", `26 00006375 0505 ${text("vpn")}`],
  ["SonicWall-User-Group=vpn", `26 00002225 0305 ${text("vpn")}`],
  ["Mikrotik-Group=vpn", `26 00003a8c 0305 ${text("vpn")}`],
  ["MS-Primary-DNS-Server=10.0.0.53", "26 00000137 1c06 0a000035"],
  ["Attr-26.3845.3=vpn", `26 00000f05 0305 ${text("vpn")}`],
  ["Attr-26.9.1=a", "26 00000009 0103 61"],
  ["Attr-8=10.0.0.1", "8 0a000001"],
  ["Attr-200=0x01", "200 01"],
])("%s becomes %s", (item, octets) => {
  expect(shown(item).replaceAll(" ", "")).toBe(octets.replaceAll(" ", ""));
});

test("the reply items are octet for octet what radclient makes of the same words", () => {
  const made = [
    "Fortinet-Group-Name=vpn",
    "Cisco-AVPair=shell:priv-lvl=15",
    "Tunnel-Type:1=VLAN",
    "Tunnel-Private-Group-Id:1=42",
    "Framed-IPv6-Prefix=2001:db8::/48",
    "Service-Type=Framed-User",
  ].map((item) => {
    const { type, value } = parseReplyItem(item);
    return Buffer.concat([Buffer.from([type, value.length + 2]), value]).toString("hex");
  });
  expect(made).toEqual([
    "1a0b00003044010576706e",
    "1a190000000901137368656c6c3a707269762d6c766c3d3135",
    "40060100000d",
    "5105013432",
    "6114003020010db8000000000000000000000000",
    "060600000002",
  ]);
});

test.each([
  ["staff", '"staff" is not of the form NAME=VALUE.'],
  ["=staff", '"=staff" is not of the form NAME=VALUE.'],
  ["Filter=staff", 'There is no attribute named "Filter".'],
  ["\u001b[2J=x", 'There is no attribute named "\\u{1b}[2J".'],
  ["Attr-26=x", 'There is no attribute named "Attr-26".'],
  ["Attr-256=x", 'There is no attribute named "Attr-256".'],
  ["Attr-26.0.1=x", 'There is no attribute named "Attr-26.0.1".'],
  ["Attr-26.9.256=x", 'There is no attribute named "Attr-26.9.256".'],
  ["Attr-25.9.1=x", 'There is no attribute named "Attr-25.9.1".'],
  ["Filter-Id=", 'Filter-Id: "" is not text.'],
  ["Filter-Id=a\0b", 'Filter-Id: "a\\u{0}b" is not text.'],
  ["Framed-IP-Address=10.0.0", 'Framed-IP-Address: "10.0.0" is not an IPv4 address.'],
  ["Framed-IP-Address=010.0.0.1", 'Framed-IP-Address: "010.0.0.1" is not an IPv4 address.'],
  ["Framed-IP-Address=10.0.0.256", 'Framed-IP-Address: "10.0.0.256" is not an IPv4 address.'],
  ["Login-IPv6-Host=fe80::1%eth0", 'Login-IPv6-Host: "fe80::1%eth0" is not an IPv6 address.'],
  ["Framed-IPv6-Prefix=2001:db8::/129", "Framed-IPv6-Prefix: "],
  ["Framed-Interface-Id=::1", 'Framed-Interface-Id: "::1" is not an interface identifier'],
  ["Service-Type=Everything", 'Service-Type: "Everything" is not a number from 0 to 4294967295 or one of'],
  ["Session-Timeout=4294967296", 'Session-Timeout: "4294967296" is not a number'],
  ["Session-Timeout=-1", 'Session-Timeout: "-1" is not a number'],
  ["Tunnel-Type=16777216", 'Tunnel-Type: "16777216" is not a number from 0 to 16777215'],
  ["Tunnel-Type:32=VLAN", 'Tunnel-Type: the tag "32" is not a number from 1 to 31.'],
  ["Filter-Id:1=x", "Filter-Id takes no tag: write Filter-Id=VALUE."],
  [`Filter-Id=${"å".repeat(127)}`, "Filter-Id: the value has 254 octets, at most 253 fit."],
  [`Fortinet-Group-Name=${"x".repeat(248)}`, "Fortinet-Group-Name: the value has 248 octets, at most 247 fit."],
  ["Message-Authenticator=0x00", "Message-Authenticator is set by the server itself"],
  ["Attr-80=0x00", "Message-Authenticator is set by the server itself"],
  ["State=abc", "State is set by the server itself"],
  ["Proxy-State=abc", "Proxy-State is set by the server itself"],
  ["User-Password=abc", "User-Password is set by the server itself"],
  ["MS-MPPE-Send-Key=abc", "MS-MPPE-Send-Key is set by the server itself"],
])("%j is refused and the sentence names it", (item, message) => {
  expect(() => parseReplyItem(item)).toThrow(message);
});

test.each([
  ["Filter-Id=staff", "Filter-Id", "staff"],
  ["Service-Type=6", "Service-Type", "Administrative-User"],
  ["Service-Type=99", "Service-Type", "99"],
  ["Framed-IP-Address=10.0.0.1", "Framed-IP-Address", "10.0.0.1"],
  ["Login-IPv6-Host=2001:DB8:0::1", "Login-IPv6-Host", "2001:db8::1"],
  ["Framed-IPv6-Prefix=2001:db8::/48", "Framed-IPv6-Prefix", "2001:db8::/48"],
  ["Framed-Interface-Id=0000:0000:0000:002A", "Framed-Interface-Id", "0000:0000:0000:002a"],
  ["Event-Timestamp=1", "Event-Timestamp", "1970-01-01T00:00:01.000Z"],
  ["Class=vpn", "Class", "vpn"],
  ["Class=0x00ff", "Class", "0x00ff"],
  ["Tunnel-Type:1=VLAN", "Tunnel-Type:1", "VLAN"],
  ["Tunnel-Type=VLAN", "Tunnel-Type", "VLAN"],
  ["Tunnel-Private-Group-Id:2=42", "Tunnel-Private-Group-Id:2", "42"],
  ["Tunnel-Private-Group-Id=42", "Tunnel-Private-Group-Id", "42"],
  ["Group-Policy=Staff", "ASA-Group-Policy", "Staff"],
  ["Attr-26.3845.3=vpn", "Attr-26.3845.3", "(3 octets, not shown)"],
  ["Attr-200=0x01", "Attr-200", "(1 octets, not shown)"],
])("%s is described as %s, %s", (item, name, shownText) => {
  expect(describe(parseReplyItem(item))).toEqual({ name, text: shownText });
});

const vendorValue = (vendor: number, inner: string) => {
  const value = Buffer.concat([Buffer.alloc(4), Buffer.from(inner, "hex")]);
  value.writeUInt32BE(vendor);
  return value;
};

test.each([
  ["User-Password", { type: 2, value: Buffer.from("hunter2 hunter2!") }],
  ["CHAP-Password", { type: 3, value: Buffer.from("hunter2 hunter2!") }],
  ["EAP-Message", { type: 79, value: Buffer.from("hunter2") }],
  ["MS-CHAP2-Response", { type: 26, value: vendorValue(311, `1909${text("hunter2")}`) }],
  ["Attr-26.14988.16", { type: 26, value: vendorValue(14988, `1009${text("hunter2")}`) }],
  ["Vendor-Specific", { type: 26, value: vendorValue(311, `19ff${text("hunter2")}`) }],
  ["Vendor-Specific", { type: 26, value: Buffer.from("hun") }],
])("the octets of %s are never shown", (name, attribute) => {
  const described = describe(attribute);
  expect(described.name).toBe(name);
  expect(described.text).toMatch(/^\(\d+ octets, not shown\)$/);
});

test("several attributes of one vendor in one Vendor-Specific are all shown", () => {
  const value = vendorValue(12356, `0105${text("vpn")}0306${text("root")}`);
  expect(describe({ type: 26, value })).toEqual({
    name: "Vendor-Specific",
    text: "Fortinet-Group-Name=vpn, Fortinet-Vdom-Name=root",
  });
});

test("a value of the wrong length is shown as octets, an escape sequence is escaped, and all of it stays short", () => {
  expect(describe({ type: 4, value: Buffer.from([10, 0, 0]) }).text).toBe("0x0a0000");
  expect(describe({ type: 97, value: Buffer.from([0, 129, 1]) }).text).toBe("0x008101");
  expect(describe({ type: 1, value: Buffer.from("\x1b[2Janna\u202e") }).text).toBe("\\u{1b}[2Janna\\u{202e}");
  for (const type of [1, 24, 25, 26])
    expect(describe({ type, value: Buffer.alloc(253, 0xff) }).text.length).toBeLessThanOrEqual(253);
});

test("any attribute of any type and length can be described", () => {
  for (let type = 0; type <= 255; type++)
    for (const length of [0, 1, 2, 3, 4, 5, 8, 16, 18, 19, 253]) {
      const { name, text: line } = describe({ type, value: Buffer.alloc(length, 2) });
      expect(name).not.toBe("");
      expect(line.length).toBeLessThanOrEqual(253);
    }
});

test("every row can be sent: types fit an octet, names are unique, named values belong to a number", () => {
  const rows = [...standard, ...Object.values(vendors).flat()];
  const names = rows.map(([name]) => name.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
  expect(rows.filter(([, type]) => type < 1 || type > 255)).toEqual([]);
  for (const [name, values] of Object.entries(valueNames)) {
    const kind = rows.find(([rowName]) => rowName === name)?.[2];
    expect(`${name} ${kind}`).toMatch(/integer$/);
    const numbers = Object.values(values);
    expect(`${name} ${new Set(numbers).size}`).toBe(`${name} ${numbers.length}`);
  }
});
