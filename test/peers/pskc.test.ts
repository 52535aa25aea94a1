// Token files that other programs made, signed or checked: oath-toolkit's pskctool and xmlsec1.
import { createHmac, randomBytes } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pskcParts, transportKey } from "../../bench/token-files.ts";
import { importTokens, type TokenImportOptions } from "#actions/token-import.ts";
import type { TokenRow } from "#wire/token-row.ts";
import { selfSigned, type Certificate } from "../support/certificates.ts";
import { container, figure, key, read, seed20, seedOf } from "../support/pskc.ts";
import { run, runOk, tempFolder } from "../support/process.ts";
import { world, type World } from "../support/world.ts";
import { installed } from "./support/installed.ts";

let here: World;
let vendor: Certificate;
let stranger: Certificate;
const folder = tempFolder("pskc");
beforeAll(async () => {
  here = await world();
  [vendor, stranger] = [await selfSigned("vendor"), await selfSigned("stranger")];
});
afterAll(() => here.close());

async function* bytes(path: string) {
  yield readFileSync(path);
}
const load = async (path: string, options: TokenImportOptions = {}) =>
  await importTokens(here.deps, "cli", {
    file: bytes(path),
    progress: () => undefined,
    options: { dryRun: true, ...options },
  });
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe.runIf(installed("pskctool"))("pskctool", () => {
  test("agrees on which of the RFC's figures are as its schema says", async () => {
    for (const number of [2, 3, 4, 5, 6, 7, 10]) {
      const path = file(`figure${number}.xml`, figure(number));
      expect((await run("pskctool", ["--validate", path])).output).toContain("OK");
      // 2 and 4 hold no usable secret, which is no matter of form
      const { error } = await load(path, {
        ...(number === 6 && { keyHex: "12345678901234567890123456789012" }),
        ...(number === 7 && { passphrase: "qwerty" }),
        goodRowsOnly: true,
      });
      expect(error?.message ?? "read").toBe(
        number === 2 || number === 4 ? "every row is refused, so nothing was imported" : "read",
      );
    }
  });

  test("takes the documents that our tests and benches are made of for valid", async () => {
    const bulk = file("bulk.xml", [...pskcParts(20)].join(""));
    expect((await run("pskctool", ["--validate", bulk])).output).toContain("OK");
    expect((await run("pskctool", ["--validate", file("made.xml", container(key()))])).output).toContain("OK");
  });

  test("reads in a plain document what we read", async () => {
    const path = file("plain.xml", figure(3));
    const told = await runOk("pskctool", ["--info", "--verbose", path]);
    const [row] = (await read(readFileSync(path))) as TokenRow[];
    const hex = Buffer.from(/Key Secret[^:]*: *([^\n]+)/.exec(told)![1]!.trim(), "base64");
    expect(row).toMatchObject({ serial: "987654321", manufacturer: "Manufacturer", digits: 8, counter: 0 });
    expect(row!.secret).toEqual({ bytes: hex });
    expect(told).toContain("SerialNo: 987654321");
  });

  test("signs, and what it signed is read with its certificate and with no other", async () => {
    const signed = file(
      "signed.xml",
      await runOk("pskctool", [
        "--sign",
        `--sign-key=${vendor.keyFile}`,
        `--sign-crt=${vendor.certFile}`,
        file("bare.xml", figure(3)),
      ]),
    );
    expect((await run("pskctool", ["--verify", `--verify-crt=${vendor.certFile}`, signed])).output).toContain("OK");
    expect(await load(signed, { signedBy: vendor.cert })).toMatchObject({ accepted: 1, refused: 0 });
    expect((await load(signed)).error?.message).toContain("the file is signed");
    expect((await load(signed, { signedBy: stranger.cert })).error?.message).toContain("the signature is not accepted");
    const changed = join(folder, "changed.xml");
    copyFileSync(signed, changed);
    writeFileSync(changed, readFileSync(signed, "utf8").replace("987654321", "987654322"));
    expect((await run("pskctool", ["--verify", `--verify-crt=${vendor.certFile}`, changed])).output).not.toContain(
      "OK",
    );
    expect((await load(changed, { signedBy: vendor.cert })).error?.message).toContain("the signature is not accepted");
  });
});

describe.runIf(installed("pskctool"))("pskctool", () => {
  test("signs a file with many keys, of which each is judged", async () => {
    const sign = [
      "--sign",
      `--sign-key=${vendor.keyFile}`,
      `--sign-crt=${vendor.certFile}`,
      file("10.xml", figure(10)),
    ];
    const { rows } = await load(file("signed-10.xml", await runOk("pskctool", sign)), { signedBy: vendor.cert });
    expect(rows.map(({ serial, verdict }) => [serial, verdict])).toEqual([
      ["654321", "accepted"],
      ["123456", "refused"],
      ["9999999", "refused"],
      ["9999999", "refused"],
    ]);
  });

  test("leaves out what is encrypted when it signs, and that is said of the row", async () => {
    const sign = ["--sign", `--sign-key=${vendor.keyFile}`, `--sign-crt=${vendor.certFile}`, file("6.xml", figure(6))];
    const key = { keyHex: "12345678901234567890123456789012", signedBy: vendor.cert };
    const { rows } = await load(file("signed-6.xml", await runOk("pskctool", sign)), key);
    expect(rows).toMatchObject([
      { serial: "987654321", reason: expect.stringContaining("Secret: is not in the file") },
    ]);
  });
});

const signature = (uri: string, transforms: string[]) => `<ds:Signature><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<ds:Reference URI="${uri}"><ds:Transforms>${transforms.map((one) => `<ds:Transform Algorithm="${one}"/>`).join("")}</ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference>
</ds:SignedInfo><ds:SignatureValue/></ds:Signature>`;
const dsig = "http://www.w3.org/2000/09/xmldsig#";
const enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

describe.runIf(installed("xmlsec1"))("xmlsec1", () => {
  test.each([
    ["the whole document", "", [enveloped, "http://www.w3.org/2001/10/xml-exc-c14n#"]],
    ["the root by its Id", "#doc", [enveloped, "http://www.w3.org/2001/10/xml-exc-c14n#"]],
    ["with the canonicalisation that nobody names", "", [enveloped]],
  ])("signs %s, and its content is read", async (_, uri, transforms) => {
    const template = container(`${key()}${signature(uri, transforms)}`, 'Version="1.0" Id="doc"');
    const out = join(folder, "xmlsec.xml");
    const ids = ["--id-attr:Id", "urn:ietf:params:xml:ns:keyprov:pskc:KeyContainer"];
    await runOk("xmlsec1", [
      "--sign",
      "--privkey-pem",
      vendor.keyFile,
      ...ids,
      "--output",
      out,
      file("template.xml", template),
    ]);
    expect(await load(out, { signedBy: vendor.cert })).toMatchObject({ rows: [{ serial: "s1", verdict: "accepted" }] });
    expect((await load(out, { signedBy: stranger.cert })).error?.message).toContain("the signature is not accepted");
  });
});

/** A key, and what a file needs besides it. */
const encryptedFiles: [string, () => string, TokenImportOptions, number][] = [
  ["under a pre-shared key", () => figure(6), { keyHex: "12345678901234567890123456789012" }, 1],
  ["under a passphrase", () => figure(7), { passphrase: "qwerty" }, 1],
  ["by the box", () => [...pskcParts(20)].join(""), { keyHex: transportKey.toString("hex") }, 20],
];

describe.runIf(installed("xmlsec1"))("xmlsec1 signs what is encrypted", () => {
  test.each(encryptedFiles)("%s: both the key and the certificate open it", async (_, text, key, count) => {
    const inside = signature("", [enveloped]).replace("<ds:Signature>", `<ds:Signature xmlns:ds="${dsig}">`);
    const template = file("template.xml", text().replace(/<\/(?:pskc:)?KeyContainer>/, `${inside}$&`));
    const signed = join(folder, "signed-encrypted.xml");
    await runOk("xmlsec1", ["--sign", "--privkey-pem", vendor.keyFile, "--output", signed, template]);
    await runOk("xmlsec1", ["--verify", "--pubkey-cert-pem", vendor.certFile, signed]);
    expect(await load(signed, { ...key, signedBy: vendor.cert })).toMatchObject({ accepted: count, refused: 0 });
    expect((await load(signed, { ...key, signedBy: stranger.cert })).error?.message).toContain("is not accepted");
    expect((await load(signed, { signedBy: vendor.cert })).error?.message).toContain("which has to be given");
    expect((await load(signed, key)).error?.message).toContain("the file is signed");
  });
});

describe.runIf(installed("xmlsec1"))("xmlsec1 encrypts", () => {
  /** The EncryptionMethod and CipherData that it makes of octets. */
  const encrypt = async (octets: Buffer, { bits, secret }: { bits: number; secret: string }) => {
    const template = `<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes${bits}-cbc"/><CipherData><CipherValue/></CipherData></EncryptedData>`;
    const plain = join(folder, "plain.bin");
    writeFileSync(plain, octets);
    const args = ["--encrypt", "--aeskey", secret, "--binary-data", plain, file("template.xml", template)];
    const value = /<CipherValue>([^<]+)/.exec(await runOk("xmlsec1", args))![1]!;
    const method = `<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes${bits}-cbc"/>`;
    return {
      octets: Buffer.from(value, "base64"),
      xml: `${method}<xenc:CipherData><xenc:CipherValue>${value}</xenc:CipherValue></xenc:CipherData>`,
    };
  };

  test.each([128, 192, 256])("with AES-%i-CBC, and what it encrypted is read", async (bits) => {
    const transport = randomBytes(bits / 8);
    const macKey = randomBytes(32);
    const secret = join(folder, "aes.bin");
    writeFileSync(secret, transport);
    const sealedMac = await encrypt(macKey, { bits, secret });
    const value = await encrypt(seed20, { bits, secret });
    const mac = createHmac("sha256", macKey).update(value.octets).digest("base64");
    const hmac = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    const text = container(
      `<EncryptionKey><ds:KeyName>k</ds:KeyName></EncryptionKey><MACMethod Algorithm="${hmac}"><MACKey>${sealedMac.xml}</MACKey></MACMethod>` +
        key({ data: `<Secret><EncryptedValue>${value.xml}</EncryptedValue><ValueMAC>${mac}</ValueMAC></Secret>` }),
    );
    const [row] = await read(text, { preShared: Buffer.from(transport) });
    expect(seedOf(row)).toBe(seed20.toString());
  });
});
