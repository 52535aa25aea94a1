import { createCipheriv, createHmac, generateKeyPairSync, pbkdf2Sync, publicEncrypt, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { TokenRow } from "../token-row.ts";
import {
  read,
  refusal,
  reasonOf,
  tokenOf,
  seedOf,
  figure,
  preShared,
  ns,
  container,
  plain,
  key,
  encrypted,
  xenc,
  more,
  seed20,
  sealed,
} from "../../../test/support/pskc.ts";

describe("the figures of RFC 6030", () => {
  const seed = "12345678901234567890";

  test("3: a key with supplementary data", async () => {
    const row = await tokenOf(figure(3));
    expect(row).toMatchObject({
      serial: "987654321",
      manufacturer: "Manufacturer",
      type: "hotp",
      digits: 8,
      counter: 0,
    });
    expect(seedOf(row)).toBe(seed);
  });

  test("4: a key that only its issuer can derive is refused with that reason", async () => {
    expect(await reasonOf(figure(4))).toContain("Secret: is not in the file");
  });

  test("5: a token that asks for a PIN itself is read, and the PIN is no token", async () => {
    const rows = await read(figure(5));
    expect(rows.map(({ serial }) => serial)).toEqual(["987654321"]);
    expect((rows[0] as TokenRow).warnings).toEqual(["the token asks for a PIN by itself; the PIN is not imported"]);
  });

  test("6: AES-128-CBC under a pre-shared key, with a MAC", async () => {
    expect(seedOf(await tokenOf(figure(6), { preShared: preShared() }))).toBe(seed);
    expect(await refusal(figure(6))).toBe("the file is encrypted with a pre-shared key, which has to be given");
  });

  test("7: a key derived from a passphrase", async () => {
    expect(seedOf(await tokenOf(figure(7), { passphrase: Buffer.from("qwerty") }))).toBe(seed);
    expect(await refusal(figure(7))).toBe("the file is encrypted with a passphrase, which has to be given");
  });

  test("2, 8 and 9: a short key is for others to judge; RSA 1.5 and a signature without a certificate are refused", async () => {
    expect(seedOf(await tokenOf(figure(2)))).toBe("1234");
    expect(await tokenOf(figure(2))).toMatchObject({ serial: "12345678" });
    expect(await reasonOf(figure(8))).toContain("RSA 1.5");
    expect(await refusal(figure(9))).toContain("the file is signed");
  });

  test("10: many keys, with the times between which they count", async () => {
    const rows = (await read(figure(10))) as TokenRow[];
    expect(rows.map(({ serial, line }) => [serial, line])).toEqual([
      ["654321", 4],
      ["123456", 31],
      ["9999999", 58],
      ["9999999", 85],
    ]);
    expect(rows[0]).toMatchObject({ startsAt: Date.UTC(2006, 4, 1), expiresAt: Date.UTC(2006, 4, 31) });
  });

  test("are read the same in pieces of any size and in UTF-16", async () => {
    const whole = await read(figure(3));
    expect(await read(figure(3), {}, 1)).toEqual(whole);
    const utf16 = figure(3).replace("UTF-8", "UTF-16");
    const little = Buffer.from(`\ufeff${utf16}`, "utf16le");
    expect(await read(little, {}, 7)).toEqual(whole);
    expect(await read(Buffer.from(little).swap16())).toEqual(whole);
    expect(await read(Buffer.from(`\ufeff${figure(3)}`))).toEqual(whole);
  });
});

describe("version 1.0 is read strictly (R-080)", () => {
  test.each<[string, string]>([
    ["<KeyContainer/>", "not a PSKC KeyContainer"],
    [container("", 'Version="2.0"'), "not of version 1.0"],
    [container(key()).replace(ns, "urn:other"), "not a PSKC KeyContainer"],
    [container("<Foo/>"), "has an element that version 1.0 does not have"],
    [container(key()).slice(0, -3), "not well-formed"],
    ["", "not well-formed"],
    ["serial,secret", "not well-formed"],
    [container(`${key()}<EncryptionKey/>`), "behind a key"],
  ])("%#: refuses the file", async (document, reason) => {
    expect(await refusal(document)).toContain(reason);
  });

  test.each<[string, string]>([
    [key({ data: `${plain}${plain}` }), "Secret: is there twice"],
    [key({ data: plain.replace("</Secret>", "<EncryptedValue/></Secret>") }), "a PlainValue and an EncryptedValue"],
    [key({ data: "<Secret/>" }), "Secret: has no value"],
    [key({ data: "<Secret><PlainValue>!</PlainValue></Secret>" }), "Secret: is not Base64"],
    [key({ data: `${plain}<Counter><PlainValue>x</PlainValue></Counter>` }), "Counter: is not a whole number"],
    [key({ more: "<Foo/>" }), "Key: has an element that version 1.0 does not have"],
    [key({ more: '<Secret xmlns="urn:other"/>' }), "Key: has an element that version 1.0 does not have"],
    [key({ id: "" }), "Key: has no Id"],
    [key({ type: `${ns}:ocra` }), "Algorithm: is neither HOTP nor TOTP"],
    [key({ before: "<AlgorithmParameters><ChallengeFormat/></AlgorithmParameters>" }), "asks for a challenge"],
    [
      key({ before: '<AlgorithmParameters><ResponseFormat Encoding="HEXADECIMAL" Length="6"/></AlgorithmParameters>' }),
      "not decimal digits",
    ],
    [
      key({
        before:
          '<AlgorithmParameters><ResponseFormat Encoding="DECIMAL" Length="6" CheckDigits="true"/></AlgorithmParameters>',
      }),
      "check digit",
    ],
    ["<KeyPackage/>", "Key: is missing"],
  ])("%#: refuses the package", async (part, reason) => {
    expect(await reasonOf(container(part))).toContain(reason);
  });

  test("an Id stands in one package alone", async () => {
    expect((await read(container(key() + key()))).map((row) => ("reason" in row ? row.reason : ""))).toEqual([
      "",
      "Key: its Id stands in an earlier package too",
    ]);
  });

  test("without a serial number the key's Id is it, and a TOTP key brings its clock", async () => {
    const numbers =
      "<Time><PlainValue>7</PlainValue></Time><TimeInterval><PlainValue>60</PlainValue></TimeInterval><TimeDrift><PlainValue>-4</PlainValue></TimeDrift>";
    const suite =
      '<AlgorithmParameters><Suite>HMAC-SHA256</Suite><ResponseFormat Encoding="DECIMAL" Length="7"/></AlgorithmParameters>';
    const document = container(key({ type: `${ns}:totp`, data: plain + numbers, before: suite })).replace(
      "<SerialNo>s1</SerialNo>",
      "",
    );
    expect(await tokenOf(document)).toMatchObject({
      serial: "k1",
      type: "totp",
      algorithm: "HMAC-SHA256",
      digits: 7,
      counter: 7,
      period: 60,
      drift: -4,
    });
  });
});

describe("a key's policy (R-085)", () => {
  test.each<[string, string]>([
    ["<KeyUsage>CR</KeyUsage>", "KeyUsage: is not OTP"],
    ["<NumberOfTransactions>5</NumberOfTransactions>", "NumberOfTransactions"],
    ["<Foo/>", "an element that is not known here"],
    ['<PINPolicy PINUsageMode="Append"/>', "the PIN is part of the code"],
    ['<PINPolicy PINUsageMode="Local" OnWeekdays="true"/>', "a part that is not known here"],
    ['<PINPolicy PINUsageMode="Local"><Foo/></PINPolicy>', "a part that is not known here"],
    ["<StartDate>tomorrow</StartDate>", "StartDate: is not a date"],
    ["<ExpiryDate>2030-13-01T00:00:00Z</ExpiryDate>", "ExpiryDate: is not a date"],
    ["<KeyUsage>CR</KeyUsage><KeyUsage>OTP</KeyUsage>", "accepted"],
  ])("%s", async (policy, reason) => {
    expect(await reasonOf(container(key({ more: `<Policy>${policy}</Policy>` })))).toContain(reason);
  });

  test("the device's time and the key's both hold, and a time without a zone is UTC", async () => {
    const device =
      "<SerialNo>s1</SerialNo><StartDate>2020-01-01T00:00:00</StartDate><ExpiryDate>2030-01-01T00:00:00Z</ExpiryDate>";
    const policy =
      "<Policy><StartDate>2021-01-01T00:00:00+01:00</StartDate><ExpiryDate>2040-01-01T00:00:00Z</ExpiryDate></Policy>";
    expect(await tokenOf(container(key({ more: policy })).replace("<SerialNo>s1</SerialNo>", device))).toMatchObject({
      startsAt: Date.UTC(2020, 11, 31, 23),
      expiresAt: Date.UTC(2030, 0, 1),
    });
  });
});

const generic = "the key does not open this file, or the file was changed";

describe("what is encrypted", () => {
  test.each([128, 192, 256])("AES-%i-CBC with each MAC", async (bits) => {
    for (const mac of ["sha1", "sha224", "sha256", "sha384", "sha512"]) {
      const secret = randomBytes(bits / 8);
      expect(seedOf(await tokenOf(sealed({ name: `aes-${bits}-cbc`, key: secret, mac }), { preShared: secret }))).toBe(
        seed20.toString(),
      );
    }
  });

  test.each(["sha1", "sha224", "sha256", "sha384", "sha512"])(
    "a passphrase, by PBKDF2 with HMAC of %s",
    async (prf) => {
      const [salt, passphrase] = [randomBytes(16), Buffer.from("räksmörgås")];
      for (const bits of [128, 192, 256]) {
        const secret = pbkdf2Sync(passphrase, salt, 1000, bits / 8, prf);
        const uri = `${prf === "sha1" ? "http://www.w3.org/2000/09/xmldsig#" : more}hmac-${prf}`;
        const parameters = `<Salt><Specified>${salt.toString("base64")}</Specified></Salt><IterationCount>1000</IterationCount><KeyLength>${bits / 8}</KeyLength><PRF Algorithm="${uri}"/>`;
        const derived = `<xenc11:DerivedKey><xenc11:KeyDerivationMethod Algorithm="http://www.w3.org/2009/xmlenc11#pbkdf2"><xenc11:PBKDF2-params>${parameters}</xenc11:PBKDF2-params></xenc11:KeyDerivationMethod></xenc11:DerivedKey>`;
        const document = sealed({ name: `aes-${bits}-cbc`, key: secret }).replace(
          "<ds:KeyName>k</ds:KeyName>",
          derived,
        );
        expect(seedOf(await tokenOf(document, { passphrase }))).toBe(seed20.toString());
      }
    },
  );

  test("Triple DES is read with a warning", async () => {
    const secret = randomBytes(24);
    const document = sealed({ name: "des-ede3-cbc", uri: `${xenc}tripledes-cbc`, key: secret });
    expect((await tokenOf(document, { preShared: secret })).warnings.join()).toContain("Triple DES");
  });

  test.each([128, 192, 256])("AES-%i key wrap, without and with padding", async (bits) => {
    const secret = randomBytes(bits / 8);
    const wrapped = (name: string, iv: string, value: Buffer) => {
      const cipher = createCipheriv(name, secret, Buffer.from(iv, "hex"));
      return Buffer.concat([cipher.update(value), cipher.final()]);
    };
    const document = (uri: string, value: Buffer) =>
      container(key({ data: `<Secret><EncryptedValue>${encrypted(uri, value)}</EncryptedValue></Secret>` }));
    const seed24 = Buffer.alloc(24, 7);
    const bare = document(`${xenc}kw-aes${bits}`, wrapped(`id-aes${bits}-wrap`, "a6a6a6a6a6a6a6a6", seed24));
    expect(seedOf(await tokenOf(bare, { preShared: secret }))).toBe(seed24.toString("latin1"));
    const padded = document(
      `http://www.w3.org/2009/xmlenc11#kw-aes-${bits}-pad`,
      wrapped(`id-aes${bits}-wrap-pad`, "a65959a6", seed20),
    );
    expect(seedOf(await tokenOf(padded, { preShared: secret }))).toBe(seed20.toString());
    expect(await refusal(bare, { preShared: randomBytes(bits / 8) })).toBe(generic);
  });

  test("RSA-OAEP for a certificate; RSA 1.5 never", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const value = publicEncrypt({ key: publicKey, oaepHash: "sha1" }, seed20);
    const document = container(
      `<EncryptionKey><ds:X509Data/></EncryptionKey>${key({ data: `<Secret><EncryptedValue>${encrypted(`${xenc}rsa-oaep-mgf1p`, value)}</EncryptedValue></Secret>` })}`,
    );
    expect(seedOf(await tokenOf(document, { privateKey }))).toBe(seed20.toString());
    expect(await refusal(document)).toContain("whose private key has to be given");
    expect(await reasonOf(document.replace("rsa-oaep-mgf1p", "rsa_1_5"), { privateKey })).toContain("RSA 1.5");
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    expect(await refusal(document, { privateKey: other })).toBe(generic);
  });

  test("whatever is wrong with the key or the octets is one error (R-081, R-082)", async () => {
    const octets = Buffer.from(/<ValueMAC>/.exec(sealed())![0]).length + 48;
    for (let at = 0; at < octets; at++) {
      const flip = (value: Buffer) => {
        value[at % value.length]! ^= 1 << (at % 8);
        return value;
      };
      const document = sealed();
      const value = /<EncryptedValue>.*<xenc:CipherValue>([^<]+)/.exec(document)![1]!;
      const mac = /<ValueMAC>([^<]+)/.exec(document)![1]!;
      const old = at < 48 ? value : mac;
      const changed = flip(Buffer.from(old, "base64")).toString("base64");
      expect(await refusal(document.replace(old, changed), { preShared: preShared() })).toBe(generic);
    }
    expect(await refusal(sealed(), { preShared: randomBytes(16) })).toBe(generic);
    expect(await refusal(sealed(), { preShared: randomBytes(32) })).toBe(generic);
    expect(await refusal(sealed(), { preShared: randomBytes(5) })).toBe(generic);
    // a MAC that holds over octets that do not decrypt
    expect(await refusal(sealed({ change: (value) => value.subarray(0, 17) }), { preShared: preShared() })).toBe(
      generic,
    );
    expect(await refusal(figure(7), { passphrase: Buffer.from("qwertz") })).toBe(generic);
  });

  test("what has no MAC, or an old one, needs to be allowed", async () => {
    const allow = { preShared: preShared(), allowLegacyMac: true };
    const bare = sealed().replace(/<ValueMAC>.*<\/ValueMAC>/, "");
    expect(await reasonOf(bare, { preShared: preShared() })).toContain("ValueMAC: is missing");
    expect((await tokenOf(bare, allow)).warnings.join()).toContain("nothing shows whether");
    const none = bare.replace(/<MACMethod.*<\/MACMethod>/, "");
    expect(await reasonOf(none, { preShared: preShared() })).toContain("MACMethod: is missing");
    // the encryption key as the MAC's, and the plaintext as what it covers
    const keyless = sealed().replace(/<MACKey>.*<\/MACKey>/, "");
    const value = Buffer.from(/<EncryptedValue>.*<xenc:CipherValue>([^<]+)/.exec(keyless)![1]!, "base64");
    const withMac = (over: Buffer) =>
      keyless.replace(
        /<ValueMAC>.*<\/ValueMAC>/,
        `<ValueMAC>${createHmac("sha1", preShared()).update(over).digest("base64")}</ValueMAC>`,
      );
    expect(await refusal(withMac(value), { preShared: preShared() })).toContain("MACMethod: has no MACKey");
    expect((await tokenOf(withMac(value), allow)).warnings.join()).toContain("uses the encryption key");
    expect((await tokenOf(withMac(seed20), allow)).warnings.join()).toContain("covers the secret");
    const overPlain = sealed({ macOver: seed20 });
    expect(await refusal(overPlain, { preShared: preShared() })).toBe(generic);
    expect((await tokenOf(overPlain, allow)).warnings.join()).toContain("covers the secret");
    expect(await refusal(withMac(Buffer.from("other")), allow)).toBe(generic);
  });

  test("HMAC-MD5, unknown ciphers and what PBKDF2 may cost are refused at once (R-083)", async () => {
    expect(await refusal(sealed({ macName: `${more}hmac-md5` }), { preShared: preShared() })).toContain(
      '"hmac-md5" is not accepted',
    );
    expect(
      await reasonOf(figure(6).replaceAll("#aes128-cbc", "#aes128-cbd"), { preShared: preShared() }).catch(String),
    ).toContain("not accepted");
    const passphrase = Buffer.from("qwerty");
    const derivation = async (from: string, to: string) => await refusal(figure(7).replace(from, to), { passphrase });
    expect(await derivation(">1000<", ">2147483648<")).toContain("IterationCount");
    expect(await derivation(">1000<", ">10000001<")).toContain("IterationCount");
    expect(await derivation(">1000<", ">999<")).toContain("IterationCount");
    expect(await derivation(">16<", ">17<")).toContain("KeyLength");
    expect(await derivation("Ej7/PEpyEpw=", "Ej7/PEpyEg==")).toContain("Salt");
    expect(await derivation("<PRF/>", `<PRF Algorithm="${more}hmac-md5"/>`)).toContain("PRF");
    expect(await derivation("<PRF/>", `<PRF Algorithm="${more}hmac-sha256"/>`)).toBe(generic);
  });
});

describe("documents from before the RFC", () => {
  const draft = (inside: string, root = "urn:ietf:params:xml:ns:keyprov:pskc:1.0") =>
    `<KeyContainer Version="1.0" xmlns="${root}"><Device><DeviceInfo><SerialNo>s2</SerialNo></DeviceInfo>${inside}</Device></KeyContainer>`;
  const inside = (usage: string) =>
    `<Key KeyAlgorithm="urn:ietf:params:xml:ns:keyprov:pskc#totp" KeyId="k"><Usage ${usage}><ResponseFormat Length="6" Format="DECIMAL"/></Usage><Data>${plain}<TimeInterval><PlainValue>30</PlainValue></TimeInterval></Data></Key>`;

  test("the IETF's drafts", async () => {
    expect(await tokenOf(draft(inside('OTP="true"')))).toMatchObject({
      serial: "s2",
      type: "totp",
      digits: 6,
      period: 30,
    });
    expect(await tokenOf(draft(inside('OTP="true"'), ns))).toMatchObject({ serial: "s2", type: "totp" });
    expect(await reasonOf(draft(inside('CR="true"')))).toContain("KeyUsage");
  });

  test("ActivIdentity's exports, where legacy MACs are allowed", async () => {
    const iv = randomBytes(16);
    const cipher = createCipheriv("aes-128-cbc", preShared(), iv);
    const value = Buffer.concat([cipher.update(seed20), cipher.final()]).toString("base64");
    const digest = createHmac("sha1", preShared()).update(seed20).digest("base64");
    const document = `<KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:container:1.0" version="1.0">
<EncryptionMethod Algorithm="${xenc}aes128-cbc"><IV>${iv.toString("base64")}</IV></EncryptionMethod>
<DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"/>
<Device><DeviceId><Manufacturer>ActivIdentity</Manufacturer><SerialNo>0950380269</SerialNo></DeviceId>
<Key KeyAlgorithm="http://www.ietf.org/keyprov/pskc#hotp" KeyId="0950380269"><Usage OTP="true"><ResponseFormat Format="DECIMAL" Length="8"/></Usage>
<Data Name="SECRET"><Value>${value}</Value><ValueDigest>${digest}</ValueDigest></Data>
<Data Name="COUNTER"><Value>AAAAAAAAAQM=</Value></Data></Key></Device></KeyContainer>`;
    const row = await tokenOf(document, { preShared: preShared(), allowLegacyMac: true });
    expect(row).toMatchObject({ serial: "0950380269", type: "hotp", digits: 8, counter: 259 });
    expect(seedOf(row)).toBe(seed20.toString());
    expect(await refusal(document, { preShared: preShared() })).toContain("has no MACKey");
  });
});
