import { describe, expect, test } from "vitest";
import { readAudio } from "./audio.ts";
import { mp3, wav } from "../../../test/support/sounds.ts";

test("a WAV is told by its content, with its length", () => {
  expect(readAudio(wav({ seconds: 3 }))).toEqual({ ok: true, type: "audio/wav", seconds: 3 });
  expect(readAudio(wav({ seconds: 2, coding: 7 }))).toMatchObject({ ok: true });
});

test("an MP3 is, with tags before and after it", () => {
  const read = readAudio(mp3({ frames: 100 }));
  expect(read).toMatchObject({ ok: true, type: "audio/mpeg" });
  expect(read).toHaveProperty("seconds", expect.closeTo((100 * 1152) / 44_100, 6));
  const tagged = Buffer.concat([
    Buffer.from("ID3\x03\0\0\0\0\x01\0", "latin1"),
    Buffer.alloc(128),
    mp3({ frames: 10 }),
  ]);
  expect(readAudio(Buffer.concat([tagged, Buffer.from("TAG".padEnd(128))]))).toMatchObject({ ok: true });
});

test("MPEG 2 and 2.5, at half and a quarter of the rate, are MP3 too", () => {
  expect(readAudio(mp3({ frames: 10, version: 2 }))).toHaveProperty("seconds", expect.closeTo(5760 / 22_050, 6));
  expect(readAudio(mp3({ frames: 10, version: 0 }))).toHaveProperty("seconds", expect.closeTo(5760 / 11_025, 6));
});

describe("what is refused", () => {
  const riff = wav({ seconds: 1 });
  const withoutData = riff.subarray(0, 36);
  test.each([
    ["nothing", Buffer.alloc(0), "is neither a WAV nor an MP3"],
    ["a page", Buffer.from("<!doctype html><script>alert(1)</script>"), "is neither a WAV nor an MP3"],
    ["one frame", mp3({ frames: 1 }), "is neither a WAV nor an MP3"],
    ["a version that does not exist", mp3({ frames: 3, version: 1 }), "is neither a WAV nor an MP3"],
    ["a bit rate that does not exist", mp3({ frames: 3, bitrate: 15 }), "is neither a WAV nor an MP3"],
    [
      "an MP3 with something else in it",
      Buffer.concat([mp3({ frames: 9 }), Buffer.alloc(5000)]),
      "is an MP3 that is damaged",
    ],
    ["a WAV that is cut off", riff.subarray(0, -1), "is a WAV that is cut off"],
    ["a WAV with a format cut off", riff.subarray(0, 30), "is a WAV whose format is cut off"],
    ["a WAV without sound", withoutData, "is a WAV without sound"],
    ["an empty WAV", wav({ seconds: 0 }), "is empty"],
    ["a WAV of another coding", wav({ seconds: 1, coding: 2 }), "is a WAV of a coding other than PCM, A-law or µ-law"],
    [
      "a WAV whose sound comes first",
      Buffer.concat([riff.subarray(0, 12), riff.subarray(36)]),
      "is a WAV without a format",
    ],
  ])("%s", (_, bytes, reason) => {
    expect(readAudio(bytes)).toEqual({ ok: false, reason });
  });
});

test("no octets make it throw or run on", () => {
  const bytes = Buffer.concat([wav({ seconds: 1 }), mp3({ frames: 4 })]);
  for (let at = 0; at < 200; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = 255;
    expect(readAudio(changed)).toHaveProperty("ok");
    expect(readAudio(changed.subarray(0, at))).toHaveProperty("ok");
  }
});
