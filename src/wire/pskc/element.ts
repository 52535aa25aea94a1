/**
 * The parts of a document, one after the other, each as a small tree. Must stay true: no more than one part is held, each is
 * bounded, and no error repeats a part of the document.
 */

import { SaxesParser, type SaxesTagNS } from "saxes";
import { TokenFileError } from "../token-row.ts";
import type { Pieces } from "./decode.ts";

export type Element = {
  ns: string;
  name: string;
  line: number;
  attributes: Map<string, string>;
  children: Element[];
  text: string;
};

const depthLimit = 32;
const elementsInPart = 1000;
const partLength = 262_144;
const textLength = 65_536;

type Reading = { open: Element[]; parts: Element[]; size: number; count: number; root: Element | undefined };

/**
 * First the root, with its attributes and without children; then each of its children, complete.
 */
export async function* readParts(pieces: Pieces): AsyncGenerator<Element[]> {
  const reading: Reading = { open: [], parts: [], size: 0, count: 0, root: undefined };
  const parser = listen(reading);
  for await (const { text, encoding } of pieces) {
    parse(parser, (one) => one.write(text));
    const declared = parser.xmlDecl.encoding?.toLowerCase();
    if (declared !== undefined && !isSameEncoding(declared, encoding))
      throw new TokenFileError(
        "the document says that it is in another encoding than it is; only UTF-8 and UTF-16 are read",
      );
    if (reading.parts.length > 0) yield reading.parts.splice(0);
  }
  parse(parser, (one) => one.close());
}

const isSameEncoding = (declared: string, encoding: string): boolean =>
  declared === encoding || (declared === "utf-16" && encoding !== "utf-8");

/** What the parser says of an error may hold a part of the document. */
function parse(parser: SaxesParser<{ xmlns: true }>, step: (parser: SaxesParser<{ xmlns: true }>) => void): void {
  try {
    step(parser);
  } catch (error) {
    if (error instanceof TokenFileError) throw error;
    throw new TokenFileError(`line ${parser.line}: the document is not well-formed XML`);
  }
}

function listen(reading: Reading): SaxesParser<{ xmlns: true }> {
  // no more handlers than these six: with a seventh, V8 keeps the parser as a dictionary, and it takes five times as long
  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on("error", (error) => {
    throw error;
  });
  let line = 1;
  parser.on("opentagstart", () => (line = parser.line));
  parser.on("opentag", (tag) => open(reading, { tag, line }));
  parser.on("closetag", () => close(reading));
  const text = (given: string) => addText(reading, given);
  parser.on("text", text);
  parser.on("cdata", text);
  return parser;
}

function open(reading: Reading, { tag, line }: { tag: SaxesTagNS; line: number }): void {
  const element: Element = {
    ns: tag.uri,
    name: tag.local,
    line,
    attributes: attributesOf(tag),
    children: [],
    text: "",
  };
  if (reading.open.length >= depthLimit) throw new TokenFileError(`line ${line}: elements are nested too deep`);
  reading.count += 1;
  if (reading.count > elementsInPart) throw new TokenFileError(`line ${line}: a part has too many elements`);
  const parent = reading.open.at(-1);
  if (!parent) {
    reading.root = element;
    reading.parts.push(element);
  } else if (parent !== reading.root) parent.children.push(element);
  reading.open.push(element);
}

/** Those of no namespace by their name; of others only whether there are any matters, so they keep their prefix. */
function attributesOf({ attributes }: SaxesTagNS): Map<string, string> {
  const given = new Map<string, string>();
  for (const name in attributes) {
    const { prefix, value } = attributes[name]!;
    if (prefix !== "xmlns" && name !== "xmlns") given.set(name, value);
  }
  return given;
}

function close(reading: Reading): void {
  const element = reading.open.pop()!;
  if (reading.open.length !== 1) return;
  reading.parts.push(element);
  reading.size = 0;
  reading.count = 0;
}

function addText(reading: Reading, text: string): void {
  const element = reading.open.at(-1);
  if (!element || element === reading.root) return;
  element.text += text;
  reading.size += text.length;
  if (element.text.length > textLength || reading.size > partLength)
    throw new TokenFileError(`line ${element.line}: a text is longer than 64 kB`);
}

/** Its children of one name; more than one of those that may stand once is refused by whoever asks for one. */
export const childrenOf = ({ children }: Element, name: string, ns?: string): Element[] =>
  children.filter((child) => child.name === name && (ns === undefined || child.ns === ns));

/** Why a part cannot be read; the file may go on after it. */
export class PartError extends Error {}

export function childOf(element: Element, name: string, ns?: string): Element | undefined {
  const [first, second] = childrenOf(element, name, ns);
  if (second) throw new PartError(`${name}: is there twice`);
  return first;
}

export const textOf = (element: Element | undefined): string | undefined =>
  element && wholeText(element, element.name).trim();

/** What stands around an element is no value: of two readers one would take it for another than the other. */
export function wholeText({ text, children }: Element, what: string): string {
  if (children.length > 0) throw new PartError(`${what}: holds an element where a value is expected`);
  return text;
}

export function base64Of(element: Element, what: string): Buffer {
  const text = wholeText(element, what).replaceAll(/[ \t\r\n]/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    throw new PartError(`${what}: is not Base64`);
  return Buffer.from(text, "base64");
}
