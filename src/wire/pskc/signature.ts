/**
 * The signature of a PSKC document, and what it covers. Must stay true: the certificate is the administrator's and
 * nothing in the document names it; there is one signature with one reference, to the whole document; whoever reads the tokens
 * reads the octets given back here, which are those that the signature covers, and nothing else.
 */

import { X509Certificate } from "node:crypto";
import { DOMParser } from "@xmldom/xmldom";
import { SignedXml } from "xml-crypto";
import { TokenFileError } from "../token-row.ts";
import { decodePieces } from "./decode.ts";
import { dsigNs } from "./names.ts";

const exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
const inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const enveloped = `${dsigNs}enveloped-signature`;
const documentBytes = 5 * 1024 * 1024;

const refuse = (reason: string) => new TokenFileError(`the signature is not accepted: ${reason}`);

/** `certificate` is PEM. The document as it was signed, without its signature. */
export async function verifySigned(document: Uint8Array, certificate: string): Promise<string> {
  if (document.length > documentBytes) throw new TokenFileError("a signed file may have 5 MB at most");
  const key = keyOf(certificate);
  const text = await textOf(document);
  const signature = signatureOf(text);
  const signed = new SignedXml({
    publicCert: key,
    getCertFromKeyInfo: () => null,
    // a reference without canonicalisation gets the one that XML Signature §4.4.3.2 says
    implicitTransforms: [inclusive],
  });
  try {
    signed.loadSignature(signature);
    if (!signed.checkSignature(text)) throw refuse("it does not match the document");
  } catch (error) {
    // what the library says may hold a part of the document
    throw error instanceof TokenFileError ? error : refuse("it does not match the document and the certificate");
  }
  const [covered, more] = signed.getSignedReferences();
  if (covered === undefined || more !== undefined) throw refuse("it has not exactly one reference");
  return covered;
}

function keyOf(certificate: string) {
  try {
    return new X509Certificate(certificate).publicKey;
  } catch {
    throw new TokenFileError("the certificate cannot be read: it has to be an X.509 certificate in PEM");
  }
}

async function textOf(document: Uint8Array): Promise<string> {
  async function* file() {
    yield document;
  }
  const texts: string[] = [];
  for await (const { text } of decodePieces(file())) texts.push(text);
  return texts.join("");
}

/** The one signature, which stands where the schema has it and covers the whole document. */
function signatureOf(text: string): Element {
  const errorHandler = () => {
    throw new TokenFileError("the document is not well-formed XML");
  };
  const root = new DOMParser({ errorHandler }).parseFromString(text, "text/xml").documentElement;
  const found = Array.from(root.getElementsByTagNameNS("*", "Signature"));
  const [signature] = found;
  if (!signature) throw new TokenFileError("the file is not signed");
  if (found.length > 1 || signature.parentNode !== root || signature.namespaceURI !== dsigNs)
    throw refuse("it does not stand alone at the end of the document");
  checkReference(signature, root.getAttribute("Id"));
  return signature;
}

/** The reference is to the document as a whole, by no URI or the root's own Id. */
function checkReference(signature: Element, id: string | null): void {
  const [reference, second] = Array.from(signature.getElementsByTagNameNS(dsigNs, "Reference"));
  const uri = reference?.getAttribute("URI");
  if (!reference || second || !(uri === "" || (id && uri === `#${id}`)))
    throw refuse("it does not cover the whole document with one reference");
  const transforms = Array.from(reference.getElementsByTagNameNS(dsigNs, "Transform"), (one) =>
    one.getAttribute("Algorithm"),
  );
  if (!transforms.includes(enveloped) || transforms.some((one) => ![enveloped, exclusive, inclusive].includes(one!)))
    throw refuse("its transforms are others than the enveloped signature and canonicalisation");
}
