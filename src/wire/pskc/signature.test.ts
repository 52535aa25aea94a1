// XML signatures and what attackers do with them; `test/peers/pskc.test.ts` has those that other programs made.
import { X509Certificate } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { SignedXml } from "xml-crypto";
import { selfSigned, type Certificate } from "../../../test/support/certificates.ts";
import { container, figure, key } from "../../../test/support/pskc.ts";
import { verifySigned } from "./signature.ts";

const exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
const enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";

let vendor: Certificate;
let stranger: Certificate;
beforeAll(async () => {
  [vendor, stranger] = [await selfSigned("vendor"), await selfSigned("stranger")];
});

type How = { xpath?: string; transforms?: string[]; by?: Certificate; whole?: boolean };
function sign(
  document: string,
  { xpath = "/*", transforms = [enveloped, exclusive], by = vendor, whole = true }: How = {},
) {
  const signer = new SignedXml({
    privateKey: by.key,
    publicCert: by.cert,
    signatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    canonicalizationAlgorithm: exclusive,
  });
  signer.addReference({ xpath, transforms, digestAlgorithm: sha256, ...(whole && { uri: "", isEmptyUri: true }) });
  signer.computeSignature(document, { location: { reference: "/*", action: "append" } });
  return signer.getSignedXml();
}
const verify = async (document: string, certificate = vendor.cert) =>
  await verifySigned(Buffer.from(document), certificate).then(
    (covered) => covered,
    (error: Error) => `refused: ${error.message}`,
  );
const good = container(key());

test("what the signature covers is given back, without the signature", async () => {
  const covered = await verify(sign(good));
  expect(covered).toContain("<SerialNo>s1</SerialNo>");
  expect(covered).not.toContain("Signature");
  expect(await verify(sign(figure(3)))).toContain("987654321");
});

test("a changed document, a stranger's signature and a stranger's certificate in the document are refused", async () => {
  expect(await verify(sign(good).replace("s1", "s2"))).toContain("refused");
  expect(await verify(sign(good, { by: stranger }))).toContain("refused");
  expect(await verify(sign(good), stranger.cert)).toContain("refused");
  expect(await verify(sign(good), "no certificate")).toContain("the certificate cannot be read");
  expect(await verify(good)).toBe("refused: the file is not signed");
});

test("a signed document inside another one is refused", async () => {
  const signed = sign(good);
  const evil = key({ id: 'Id="evil"' });
  expect(await verify(container(`${evil}<Extensions>${signed}</Extensions>`))).toContain("does not stand alone");
  // the signature moved to the new root, the old root kept for its Id
  const signature = /<Signature .*<\/Signature>/s.exec(signed)![0];
  const old = good.replace("<KeyContainer", '<KeyContainer Id="old"');
  const byId = sign(old, { whole: false });
  const moved = /<Signature .*<\/Signature>/s.exec(byId)![0];
  expect(await verify(container(`${evil}<Extensions>${old}</Extensions>${moved}`))).toContain("refused");
  expect(await verify(container(`${evil}<Extensions>${old}</Extensions>${moved}`, 'Version="1.0" Id="old"'))).toContain(
    "refused",
  );
  expect(await verify(container(evil) + signature)).toContain("refused");
});

test("a signature over a part, two signatures and foreign transforms are refused", async () => {
  const part = good.replace("<KeyPackage>", '<KeyPackage Id="part">');
  const partly = sign(part, { xpath: "//*[local-name(.)='KeyPackage']", transforms: [exclusive], whole: false });
  expect(await verify(partly)).toContain("does not cover the whole document");
  expect(await verify(sign(sign(good)))).toContain("does not stand alone");
  const inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments";
  expect(await verify(sign(good, { transforms: [enveloped, inclusive] }))).toContain("its transforms are others");
});

test("a comment in the digest does not hide another one (CVE-2025-29775)", async () => {
  const signed = sign(good);
  const digest = /<DigestValue>([^<]*)/.exec(signed)![1]!;
  expect(await verify(signed.replace(digest, `<!--x-->${digest}`).replace("s1", "s2"))).toContain("refused");
  expect(await verify(signed.replace(digest, `${digest}<!--${digest}-->`).replace("s1", "s2"))).toContain("refused");
});

test("the certificate is no secret, so a MAC made with it is no signature", async () => {
  const mac = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";
  for (const secret of [
    vendor.cert,
    new X509Certificate(vendor.cert).publicKey.export({ type: "spki", format: "pem" }),
  ]) {
    const signer = new SignedXml({ privateKey: secret, signatureAlgorithm: mac, canonicalizationAlgorithm: exclusive });
    signer.enableHMAC();
    const transforms = [enveloped, exclusive];
    signer.addReference({ xpath: "/*", transforms, digestAlgorithm: sha256, uri: "", isEmptyUri: true });
    signer.computeSignature(good, { location: { reference: "/*", action: "append" } });
    expect(await verify(signer.getSignedXml())).toContain("does not match");
  }
});

test("the RFC's figure 9, whose signature is an example's, is refused whatever the certificate", async () => {
  expect(await verify(figure(9))).toContain("refused: the signature is not accepted");
  expect(await verify(figure(9), stranger.cert)).toContain("refused: the signature is not accepted");
});

test("two SignedInfo, of which one is signed and the other read, are refused (CVE-2025-29774)", async () => {
  const signed = sign(good);
  const [info] = /<SignedInfo>.*<\/SignedInfo>/s.exec(signed)!;
  const evil = signed.replace("s1", "s2").replace(info, info + info.replace(/<DigestValue>[^<]*/, "<DigestValue>AAAA"));
  expect(await verify(evil)).toContain("refused");
  expect(await verify(signed.replace(info, info + info))).toContain("refused");
});

test("a comment in a serial number splits nothing", async () => {
  const covered = await verify(sign(good).replace("<SerialNo>s1", "<SerialNo>s<!--x-->1"));
  // exclusive canonicalisation leaves comments out, so what is read is what was signed
  expect(covered).toContain("<SerialNo>s1</SerialNo>");
});

test("a document type is refused before the document is parsed, and so is what is too large", async () => {
  expect(await verify(`<!DOCTYPE a [<!ENTITY x "y">]>${sign(good)}`)).toContain("DOCTYPE");
  expect(await verify("<a>".padEnd(5 * 1024 * 1024 + 1, "x"))).toContain("5 MB at most");
  expect(await verify("<a>")).toContain("refused");
});
