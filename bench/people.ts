// The people of every bench: user0, user1 … whose seed is the SHA-1 of their decimal index, so that the load generator,
// the product and the peers agree without passing secrets about. Written without the product's own OTP code on purpose.
import { createHash, createHmac } from "node:crypto";

export const benchPeople = 20_000;
export const stepSeconds = 30;

export const userName = (index: number) => `user${index}`;
export const currentStep = () => Math.floor(Date.now() / 1000 / stepSeconds);

const seed = (index: number) => createHash("sha1").update(String(index)).digest();

/** RFC 6238 with its defaults: SHA-1, six digits, 30 seconds. */
export function totp(index: number, step: number): string {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", seed(index)).update(moving).digest();
  const truncated = mac.readUInt32BE(mac.readUInt8(19) & 15) & 0x7fffffff;
  return String(truncated % 1_000_000).padStart(6, "0");
}

/** RFC 4648. A seed is 20 bytes, which is 32 characters without padding. */
export function seedBase32(index: number): string {
  const bits = [...seed(index)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.replace(/.{5}/g, (five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(parseInt(five, 2)));
}

/** For `countersign user import`: no passwords, because hashing 20,000 of them would be the whole bench. */
export function peopleCsv(count: number): string {
  const rows = Array.from({ length: count }, (_, index) => `${userName(index)},${seedBase32(index)}\n`);
  return `username,oath_secret_base32\n${rows.join("")}`;
}
