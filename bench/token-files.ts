// Files of tokens as vendors deliver them by the box: a PSKC document with AES-128-CBC and MACs, and the cloud's table.
import { createCipheriv, createHash, createHmac, randomBytes } from "node:crypto";

export const transportKey = Buffer.from("00112233445566778899aabbccddeeff", "hex");

export const tokenSeed = (index: number) => createHash("sha1").update(`token ${index}`).digest();
const serial = (index: number) => String(2_600_000_000_000 + index);

function encrypted(value: Buffer): Buffer {
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-128-cbc", transportKey, iv);
  return Buffer.concat([iv, cipher.update(value), cipher.final()]);
}
const method = (octets: Buffer) =>
  `<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>
          <xenc:CipherData>
            <xenc:CipherValue>${octets.toString("base64")}</xenc:CipherValue>
          </xenc:CipherData>`;

export function* pskcParts(count: number): Generator<string> {
  const macKey = randomBytes(20);
  yield `<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">
  <EncryptionKey><ds:KeyName>transport</ds:KeyName></EncryptionKey>
  <MACMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"><MACKey>
          ${method(encrypted(macKey))}
  </MACKey></MACMethod>
`;
  for (let index = 0; index < count; index++) {
    const value = encrypted(tokenSeed(index));
    yield `  <KeyPackage>
    <DeviceInfo>
      <Manufacturer>TokenVendorAcme</Manufacturer>
      <SerialNo>${serial(index)}</SerialNo>
    </DeviceInfo>
    <Key Id="${serial(index)}" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp">
      <AlgorithmParameters>
        <ResponseFormat Length="6" Encoding="DECIMAL"/>
      </AlgorithmParameters>
      <Data>
        <Secret><EncryptedValue>
          ${method(value)}
        </EncryptedValue><ValueMAC>${createHmac("sha1", macKey).update(value).digest("base64")}</ValueMAC></Secret>
        <TimeInterval><PlainValue>30</PlainValue></TimeInterval>
      </Data>
    </Key>
  </KeyPackage>
`;
  }
  yield "</KeyContainer>\n";
}

export function* csvParts(count: number): Generator<string> {
  yield "upn,serial number,secret key,time interval,manufacturer,model\r\n";
  for (let index = 0; index < count; index++)
    yield `,${serial(index)},${base32(tokenSeed(index))},30,TokenVendorAcme,Key\r\n`;
}

export function base32(octets: Buffer): string {
  const bits = [...octets].map((octet) => octet.toString(2).padStart(8, "0")).join("");
  return bits.replace(/.{5}/g, (five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(parseInt(five, 2)));
}
