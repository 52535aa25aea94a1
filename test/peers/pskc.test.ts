// Token files that other programs made, signed or checked: oath-toolkit's pskctool and xmlsec1.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pskcParts } from "../../bench/token-files.ts";
import { importTokens, type TokenImportOptions } from "#actions/token-import.ts";
import type { TokenRow } from "#wire/token-row.ts";
import { selfSigned, type Certificate } from "../support/certificates.ts";
import { container, figure, key, read } from "../support/pskc.ts";
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

const signature = (uri: string, transforms: string[]) => `<ds:Signature><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<ds:Reference URI="${uri}"><ds:Transforms>${transforms.map((one) => `<ds:Transform Algorithm="${one}"/>`).join("")}</ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference>
</ds:SignedInfo><ds:SignatureValue/></ds:Signature>`;
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
