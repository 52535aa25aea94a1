/** A token file of whatever kind as rows: which kind it is, and with which key it opens. */

import { createPrivateKey, type KeyObject } from "node:crypto";
import { AppError } from "#core/errors.ts";
import type { TokenTable } from "#wire/token-csv/read.ts";
import { TokenFileError, type FileRow } from "#wire/token-row.ts";
import { readSigned } from "./signed-pskc.ts";

export type TokenFormat = "pskc" | "csv";
export type SourceOptions = {
  format?: TokenFormat | "auto" | undefined;
  /** what the file is encrypted with: one of these at most */
  keyHex?: string | undefined;
  passphrase?: string | undefined;
  /** PEM */
  privateKey?: string | undefined;
  /** the certificate (PEM) that the file has to be signed with */
  signedBy?: string | undefined;
  allowLegacyMac?: boolean | undefined;
};

/** `table`: of a CSV, its header and what was noted about it, once the first rows came. */
export type TokenSource = { format: TokenFormat; rows: AsyncGenerator<FileRow[]>; table?: TokenTable };

export async function openSource(file: AsyncIterable<Uint8Array>, options: SourceOptions): Promise<TokenSource> {
  const keys = readKeys(options);
  const { looksLike, all } = await peek(file);
  const format = options.format === undefined || options.format === "auto" ? looksLike : options.format;
  if (format === "pskc") return { format, rows: pskcRows(all, { options, keys }) };
  if (options.signedBy !== undefined) throw new TokenFileError("a CSV has no signature");
  if (Object.values(keys).some((key) => key !== undefined))
    throw new TokenFileError("a CSV is not encrypted, so no key opens it");
  const { readTokenCsv } = await import("#wire/token-csv/read.ts");
  const table = readTokenCsv(all);
  return { format, rows: table.rows, table };
}

type Keys = { preShared?: Buffer | undefined; passphrase?: Buffer | undefined; privateKey?: KeyObject | undefined };
type Opening = { options: SourceOptions; keys: Keys };

async function* pskcRows(file: AsyncIterable<Uint8Array>, { options, keys }: Opening): AsyncGenerator<FileRow[]> {
  const { signedBy, allowLegacyMac } = options;
  // the readers of token files, and their XML parser, are loaded for a file only: most servers read none in their life
  const { readPskc } = await import("#wire/pskc/read.ts");
  try {
    const read = { ...keys, allowLegacyMac };
    if (signedBy === undefined) return yield* readPskc(file, read);
    const signed = Buffer.from(await readSigned(file, signedBy));
    async function* verified() {
      yield signed;
    }
    yield* readPskc(verified(), read);
    signed.fill(0);
  } finally {
    keys.preShared?.fill(0);
    keys.passphrase?.fill(0);
  }
}

function readKeys({ keyHex, passphrase, privateKey }: SourceOptions): Keys {
  if ([keyHex, passphrase, privateKey].filter((one) => one !== undefined).length > 1)
    throw new AppError("usage", "a file is opened with a key, a passphrase or a private key: name one");
  return {
    ...(keyHex !== undefined && { preShared: hexKey(keyHex) }),
    ...(passphrase !== undefined && { passphrase: Buffer.from(passphrase) }),
    ...(privateKey !== undefined && { privateKey: pemKey(privateKey) }),
  };
}

function hexKey(text: string): Buffer {
  const digits = text.replaceAll(/[\s:]/g, "").replace(/^0x/i, "");
  if (!/^(?:[0-9A-Fa-f]{2})+$/.test(digits))
    throw new AppError("invalid", "the key has to be in hexadecimal digits, two an octet");
  return Buffer.from(digits, "hex");
}

function pemKey(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw new AppError("invalid", "the private key cannot be read: it has to be in PEM, without a passphrase");
  }
}

const headBytes = 1024;

/** XML begins with `<`, after a byte order mark and white space; a table never does. */
async function peek(
  file: AsyncIterable<Uint8Array>,
): Promise<{ looksLike: TokenFormat; all: AsyncIterable<Uint8Array> }> {
  const chunks = file[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < headBytes) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  const start = head
    .toString("latin1")
    .replaceAll("\0", "")
    .replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, "");
  return { looksLike: start.trimStart().startsWith("<") ? "pskc" : "csv", all: all() };
}
