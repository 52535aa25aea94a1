/**
 * Recordings as people upload them, told by their content and never by their name: WAV (PCM, A-law, µ-law) and MP3. Must stay
 * true: what is served to carriers and browsers as audio is audio from its first octet to its last frame.
 */

export type AudioType = "audio/wav" | "audio/mpeg";
export type Audio = { ok: true; type: AudioType; seconds: number } | { ok: false; reason: string };

const no = (reason: string): Audio => ({ ok: false, reason });

export function readAudio(bytes: Uint8Array): Audio {
  const octets = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isText(octets, 0, "RIFF") && isText(octets, 8, "WAVE")) return readWav(octets);
  return readMp3(octets);
}

const isText = (octets: Buffer, at: number, text: string) => octets.toString("latin1", at, at + text.length) === text;

/** PCM, A-law, µ-law. */
const codings = new Set([1, 6, 7]);

/** Chunks of a name, a length and as many octets, padded to an even number. */
function readWav(octets: Buffer): Audio {
  let perSecond: number | undefined;
  for (let at = 12; at + 8 <= octets.length;) {
    const length = octets.readUInt32LE(at + 4);
    const body = at + 8;
    if (isText(octets, at, "fmt ")) {
      if (length < 16 || body + 16 > octets.length) return no("is a WAV whose format is cut off");
      if (!codings.has(octets.readUInt16LE(body))) return no("is a WAV of a coding other than PCM, A-law or µ-law");
      perSecond = octets.readUInt32LE(body + 8);
    }
    if (isText(octets, at, "data")) {
      if (!perSecond) return no("is a WAV without a format");
      if (body + length > octets.length) return no("is a WAV that is cut off");
      return length === 0 ? no("is empty") : { ok: true, type: "audio/wav", seconds: length / perSecond };
    }
    at = body + length + (length % 2);
  }
  return no("is a WAV without sound");
}

/** In thousands of bits a second, by the header's four bits; MPEG 1 and MPEG 2, layer III (ISO 11172-3 2.4.2.3, 13818-3). */
const bitrates = {
  one: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
  two: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
};
const rates = [44_100, 48_000, 32_000, 0];

type Frame = { octets: number; seconds: number };

function frameAt(octets: Buffer, at: number): Frame | undefined {
  if (at + 4 > octets.length) return undefined;
  const header = octets.readUInt32BE(at);
  const version = (header >>> 19) & 3;
  // eleven bits set, a version that exists, layer III
  if (header >>> 21 !== 0x7ff || version === 1 || ((header >>> 17) & 3) !== 1) return undefined;
  const one = version === 3;
  const bitrate = bitrates[one ? "one" : "two"][(header >>> 12) & 15]!;
  const rate = rates[(header >>> 10) & 3]! / (one ? 1 : version === 2 ? 2 : 4);
  if (bitrate === 0 || rate === 0) return undefined;
  const samples = one ? 1152 : 576;
  const padding = (header >>> 9) & 1;
  return { octets: Math.floor((samples / 8) * ((bitrate * 1000) / rate)) + padding, seconds: samples / rate };
}

/** What players write after the last frame. */
const longestTail = 4096;

function readMp3(octets: Buffer): Audio {
  let at = isText(octets, 0, "ID3") && octets.length > 10 ? 10 + syncSafe(octets, 6) : 0;
  let frames = 0;
  let seconds = 0;
  for (let frame = frameAt(octets, at); frame; frame = frameAt(octets, at)) {
    at += frame.octets;
    seconds += frame.seconds;
    frames += 1;
  }
  // by chance two octets look like a frame often, two frames in a row never
  if (frames < 2) return no("is neither a WAV nor an MP3");
  if (octets.length - at > longestTail) return no("is an MP3 that is damaged");
  return { ok: true, type: "audio/mpeg", seconds };
}

/** ID3 writes lengths in octets of seven bits. */
const syncSafe = (octets: Buffer, at: number): number =>
  octets.subarray(at, at + 4).reduce((sum, octet) => sum * 128 + (octet & 127), 0);
