/** Recordings made of silence, for uploading. */

export function wav({ seconds, coding = 1 }: { seconds: number; coding?: number }): Buffer {
  const rate = 8000;
  const data = Buffer.alloc(Math.round(seconds * rate * 2));
  const head = Buffer.alloc(44);
  head.write("RIFF", 0, "latin1");
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8, "latin1");
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(coding, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36, "latin1");
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/** `version`: 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5; `bitrate` is the header's index. */
export function mp3({ frames, version = 3, bitrate = 9 }: { frames: number; version?: number; bitrate?: number }) {
  const [bits, rate, factor] = version === 3 ? [128_000, 44_100, 144] : [80_000, version === 2 ? 22_050 : 11_025, 72];
  const frame = Buffer.alloc(Math.floor((factor * bits) / rate));
  frame.writeUInt32BE(((0x7ff << 21) | (version << 19) | (1 << 17) | (1 << 16) | (bitrate << 12)) >>> 0);
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}
