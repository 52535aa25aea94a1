/**
 * PSKC documents (RFC 6030), read as they arrive. Must stay true: nothing of a document counts that was not looked at as a whole
 * (whoever reads takes nothing before the end), and a signed one is read only from what its signature covers.
 */

import { TokenFileError, type FileRow } from "../token-row.ts";
import { decodePieces } from "./decode.ts";
import { dialectOf, type Dialect } from "./dialects.ts";
import { readParts, type Element } from "./element.ts";
import { dsigNs, pskcNs } from "./names.ts";
import { openerOf, type Header, type Opener, type PskcKeys } from "./opening.ts";
import { readPackage } from "./package.ts";

const packageLimit = 100_000;

export type PskcOptions = PskcKeys & {
  /** the document is what a signature covers, so the place of the signature is empty */
  isVerified?: boolean | undefined;
};

type State = {
  options: PskcOptions;
  dialect: Dialect | undefined;
  header: Header;
  opener: Opener | undefined;
  ids: Set<string>;
  packages: number;
};

/** The tokens, some at a time. Whoever takes them wipes their secrets. */
export async function* readPskc(file: AsyncIterable<Uint8Array>, options: PskcOptions): AsyncGenerator<FileRow[]> {
  const state: State = { options, dialect: undefined, header: {}, opener: undefined, ids: new Set(), packages: 0 };
  try {
    for await (const parts of readParts(decodePieces(file)))
      for (const part of parts) {
        const rows = await readPart(state, part);
        if (rows.length > 0) yield rows;
      }
  } finally {
    state.opener?.wipe();
  }
}

async function readPart(state: State, given: Element): Promise<FileRow[]> {
  if (!state.dialect) {
    state.dialect = dialectOf(given);
    return [];
  }
  const part = state.dialect.part(given);
  if (part.name === "Signature" && (part.ns === dsigNs || part.ns === pskcNs)) return refuseSigned(part);
  if (part.ns !== pskcNs) throw unknown(part);
  switch (part.name) {
    case "EncryptionKey":
      return keepHeader(state, "encryptionKey", part);
    case "MACMethod":
      return keepHeader(state, "macMethod", part);
    case "KeyPackage":
      return await readOne(state, part);
    case "Extensions":
      return [];
    default:
      throw unknown(part);
  }
}

function refuseSigned({ line }: Element): never {
  throw new TokenFileError(`line ${line}: the file is signed; name the certificate that it has to be signed with`);
}

const unknown = ({ line }: Element) =>
  new TokenFileError(`line ${line}: KeyContainer: has an element that version 1.0 does not have`);

function keepHeader(state: State, name: keyof Header, part: Element): FileRow[] {
  if (state.header[name] || state.packages > 0)
    throw new TokenFileError(`line ${part.line}: ${part.name}: is there twice, or behind a key`);
  state.header[name] = part;
  return [];
}

async function readOne(state: State, part: Element): Promise<FileRow[]> {
  state.packages += 1;
  if (state.packages > packageLimit) throw new TokenFileError(`the file holds more than ${packageLimit} key packages`);
  state.opener ??= await openerOf(state.header, state.options);
  return readPackage(part, { opener: state.opener, ids: state.ids });
}
