/**
 * What documents looked like before RFC 6030, each turned into the RFC's form and then read as strictly. Must stay true: a
 * dialect is known by what its root says, and what it has no place for in the RFC's form is refused there.
 *
 * - version 1.0: as it is.
 * - the IETF's drafts (`…:pskc:1.0`, and `Device` for `KeyPackage` in the final namespace): other names, the same content.
 * - ActivIdentity's exports (`…:container:1.0`): values beside one IV, and digests over the plaintext under the encryption
 *   key, so that they are read only where legacy MACs are allowed.
 */

import { TokenFileError } from "../token-row.ts";
import type { Element } from "./element.ts";
import { dsigNs, pskcNs, xencNs } from "./names.ts";

export type Dialect = { part: (part: Element) => Element };

const draftNs = `${pskcNs}:1.0`;
const containerNs = "urn:ietf:params:xml:ns:keyprov:container:1.0";

export function dialectOf(root: Element): Dialect {
  const version = root.attributes.get("Version") ?? root.attributes.get("version");
  if (root.name !== "KeyContainer" || ![pskcNs, draftNs, containerNs].includes(root.ns))
    throw new TokenFileError("the document is not a PSKC KeyContainer");
  if (version !== "1.0") throw new TokenFileError("KeyContainer: is not of version 1.0");
  if (root.ns === containerNs) return activIdentity();
  return { part: (part) => (root.ns === draftNs || part.name === "Device" ? fromDraft(part) : part) };
}

const inPskc = (ns: string): string => (ns === draftNs || ns === containerNs ? pskcNs : ns);

const newNames: Record<string, string> = { Device: "KeyPackage", DeviceId: "DeviceInfo", Usage: "AlgorithmParameters" };
const newAttributes: Record<string, string> = {
  KeyId: "Id",
  KeyAlgorithm: "Algorithm",
  Format: "Encoding",
  CheckDigit: "CheckDigits",
};

function fromDraft(element: Element): Element {
  const attributes = new Map([...element.attributes].map(([name, value]) => [newAttributes[name] ?? name, value]));
  const name = newNames[element.name] ?? element.name;
  const made: Element = {
    ...element,
    ns: inPskc(element.ns),
    name,
    attributes,
    children: element.children.map(fromDraft),
  };
  if (name !== "Key") return made;
  return { ...made, children: made.children.flatMap(splitUsage) };
}

const usages = ["OTP", "CR", "Integrity", "Encrypt", "Unlock"];

/** The drafts said in Usage what the RFC has in AlgorithmParameters and in Policy. */
function splitUsage(element: Element): Element[] {
  if (element.name !== "AlgorithmParameters") return [element];
  const named = usages.filter((usage) => element.attributes.get(usage) === "true");
  const keyUsage = named.map((text) => ({ ...bare(element, "KeyUsage"), text }));
  return [element, ...(named.length > 0 ? [{ ...bare(element, "Policy"), children: keyUsage }] : [])];
}

const bare = ({ line }: Element, name: string, ns = pskcNs): Element => ({
  ns,
  name,
  line,
  attributes: new Map(),
  children: [],
  text: "",
});

function activIdentity(): Dialect {
  let method: Element | undefined;
  let iv = "";
  const value = (element: Element): Element => {
    const [given] = element.children.filter(({ name }) => name === "Value");
    const [digest] = element.children.filter(({ name }) => name === "ValueDigest");
    if (!given) return element;
    // a value without a digest is in the clear, whatever the container says
    if (!method || !digest) return { ...element, children: [plainValue(element, given)] };
    const cipherValue = { ...bare(given, "CipherValue", xencNs), text: joined(iv, given.text) };
    const data = { ...bare(given, "CipherData", xencNs), children: [cipherValue] };
    const encrypted = { ...bare(given, "EncryptedValue"), children: [{ ...method, children: [] }, data] };
    return { ...element, children: [encrypted, { ...digest, name: "ValueMAC" }] };
  };
  const key = (element: Element): Element => {
    const data = element.children.filter(({ name }) => name === "Data");
    const values = data.map((one) =>
      value({ ...one, name: dataNames.get(one.attributes.get("Name") ?? "") ?? one.name }),
    );
    const others = element.children.filter(({ name }) => name !== "Data");
    return { ...element, children: [...others, { ...bare(element, "Data"), children: values }] };
  };
  return {
    part: (given) => {
      const part = fromDraft(given);
      if (part.name === "EncryptionMethod") {
        iv = part.children.find(({ name }) => name === "IV")?.text ?? "";
        method = { ...part, ns: xencNs };
        return { ...bare(part, "EncryptionKey"), children: [bare(part, "KeyName", dsigNs)] };
      }
      if (part.name === "DigestMethod") return { ...part, name: "MACMethod", children: [] };
      return { ...part, children: part.children.map((child) => (child.name === "Key" ? key(child) : child)) };
    },
  };
}

const dataNames = new Map([
  ["SECRET", "Secret"],
  ["COUNTER", "Counter"],
  ["TIME", "Time"],
  ["TIME_INTERVAL", "TimeInterval"],
]);

const joined = (a: string, b: string): string =>
  Buffer.concat([Buffer.from(a, "base64"), Buffer.from(b, "base64")]).toString("base64");

/** Numbers are big-endian octets there, and decimal in the RFC's PlainValue. */
function plainValue(element: Element, given: Element): Element {
  const plain = { ...bare(given, "PlainValue"), text: given.text };
  if (element.name === "Secret") return plain;
  const octets = Buffer.from(given.text, "base64").toString("hex");
  return { ...plain, text: octets === "" ? "" : BigInt(`0x${octets}`).toString() };
}
