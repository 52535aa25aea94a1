// What is said on calls: stock words, an organisation's own, and recordings that carriers and browsers fetch.
import { describe, expect, test } from "vitest";
import { listLog } from "#actions/records.ts";
import { voiceOf } from "#actions/voice-messages.ts";
import { voiceMessages } from "#core/voice-messages.ts";
import { mp3, wav } from "../support/sounds.ts";
import { kinds } from "../support/world.ts";
import { eachCli } from "./cli-setup.ts";
import { httpWorld } from "./http-caller.ts";

describe.each(kinds)("what is said on calls, by API, on %s,", (kind) => {
  const h = httpWorld(kind);
  const url = "/api/v1/voice-messages";
  const newKey = async () => await h.newKey({ scopes: ["voice"] });
  type Key = Awaited<ReturnType<typeof newKey>>;
  const post = async (key: Key, target: string, body: object) =>
    await h.call(key, { target: `${url}/${target}`, body });
  const listed = async (key: Key) =>
    (await h.call(key, { method: "GET", target: url })).body["messages"] as Record<string, unknown>[];
  const recording = (bytes: Buffer) => ({ fileName: "hej.mp3", audio: bytes.toString("base64") });
  const fetched = async (address: string) =>
    await fetch(`http://127.0.0.1:${h.server.people!.port}${new URL(address).pathname}`);

  test("every type has stock words in both languages", async () => {
    const all = await listed(await newKey());
    expect(all).toHaveLength(voiceMessages.length * 2);
    expect(all.every(({ source, text }) => source === "stock" && text !== "")).toBe(true);
  });

  test("own words are said in the place of the stock, for one application before those for all", async () => {
    const key = await newKey();
    const greeting = async (application: string) =>
      (await voiceOf(h.w.deps, { language: "sv", application }))("greeting", { application, fraud: "0" });
    const stock = await greeting("vpn");
    expect((await post(key, "greeting/sv/text", { text: "Hej från {application}." })).status).toBe(200);
    await post(key, "greeting/sv/text", { text: "Hej, vpn. Fel? Tryck {fraud}.", application: "vpn" });
    expect(await greeting("wiki")).toEqual({ text: "Hej från wiki." });
    expect(await greeting("vpn")).toEqual({ text: "Hej, vpn. Fel? Tryck 0." });
    const own = (await listed(key)).filter(({ source }) => source === "text");
    expect(own.map(({ application }) => application)).toEqual([undefined, "vpn"]);
    await post(key, "greeting/sv/remove", { application: "vpn" });
    await post(key, "greeting/sv/remove", {});
    expect(await greeting("vpn")).toEqual(stock);
    expect((await post(key, "greeting/sv/remove", {})).status).toBe(404);
  });

  test("a recording is played from an address that cannot be guessed, and that ends with it", async () => {
    const key = await newKey();
    const sound = mp3({ frames: 100 });
    const taken = await post(key, "greeting/en/recording", recording(sound));
    expect(taken).toMatchObject({ status: 200, body: { source: "recording", fileName: "hej.mp3" } });
    expect(taken.body).not.toHaveProperty("advice");
    const address = String(taken.body["url"]);
    const said = (await voiceOf(h.w.deps, { language: "en", application: "vpn" }))("greeting", {});
    expect(said).toEqual({ recording: address });
    expect(address).toMatch(/^https:\/\/mfa\.example\.org\/callbacks\/audio\/[\w-]{32}$/);
    const played = await fetched(address);
    expect(played.headers.get("content-type")).toBe("audio/mpeg");
    expect(played.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Buffer.from(await played.arrayBuffer()).equals(sound)).toBe(true);
    await post(key, "greeting/en/recording", recording(wav({ seconds: 1 })));
    expect((await fetched(address)).status).toBe(404);
    expect((await fetched(address.slice(0, -1))).status).toBe(404);
  });

  test("what lasts longer than 20 seconds is taken with an advice", async () => {
    const taken = await post(await newKey(), "greeting/en/recording", recording(wav({ seconds: 21 })));
    expect(taken.body["advice"]).toContain("21 seconds");
  });

  test("what is no audio, too large, or for no type or language is refused", async () => {
    const key = await newKey();
    const page = await post(key, "greeting/en/recording", recording(Buffer.from("<script>alert(1)</script>")));
    expect(page).toMatchObject({ status: 400, body: { detail: "the file is neither a WAV nor an MP3" } });
    const large = await post(key, "greeting/en/recording", recording(Buffer.alloc(5 * 1024 * 1024 + 1)));
    expect(large).toMatchObject({ status: 400, body: { detail: "the file has more than 5 MiB" } });
    expect((await post(key, "greeting/xx/text", { text: "Hi" })).status).toBe(400);
    expect((await post(key, "farewell/en/text", { text: "Hi" })).status).toBe(400);
    expect((await post(key, "greeting/en/text", { text: "  " })).status).toBe(400);
    expect((await post(await h.newKey(), "greeting/en/text", { text: "Hi" })).status).toBe(403);
  });

  test("every change is in the log, with whoever made it", async () => {
    const key = await newKey();
    await post(key, "retry/sv/text", { text: "En gång till." });
    await post(key, "retry/sv/remove", {});
    const { records } = await listLog(h.w.deps, { limit: 2 });
    expect(records.map(({ result, actor }) => [result, actor])).toEqual([
      ["VOICE_MESSAGE_REMOVED", `key:${key.id}`],
      ["VOICE_MESSAGE_CHANGED", `key:${key.id}`],
    ]);
  });
});

describe("what is said on calls, by command,", () => {
  const cli = eachCli();
  test("is listed, set, uploaded, played and removed", async () => {
    const { run, json, file } = cli();
    expect((await run(["voice-message", "list", "--language", "sv"])).stdout).toContain("Hej då");
    const set = await run(["voice-message", "set", "greeting", "--language", "en", "--text", "Acme calling."]);
    expect(set).toMatchObject({ exit: 0, stderr: "" });
    expect(await json(["voice-message", "play", "greeting", "--language", "en"])).toMatchObject({
      text: "Acme calling.",
    });
    const long = file("long.wav", wav({ seconds: 25 }));
    expect((await run(["voice-message", "upload", "goodbye", long, "--language", "sv"])).stdout).toContain(
      "25.0 seconds",
    );
    expect((await run(["voice-message", "list"])).stdout).toContain("long.wav (25.0 s)");
    expect((await run(["voice-message", "remove", "goodbye", "--language", "sv"])).exit).toBe(0);
    expect(await run(["voice-message", "remove", "goodbye", "--language", "sv"])).toMatchObject({ exit: 1 });
    expect(await run(["voice-message", "play", "greeting", "--language", "de"])).toMatchObject({
      exit: 1,
      stderr: "language is none of en, sv\n",
    });
  });
});

describe("calls as a method, by command,", () => {
  const cli = eachCli();
  test("take a number with its extension after an x, and a backup phone", async () => {
    const { run, json, here } = cli();
    await run(["user", "add", "anna"]);
    const numbers = ["--number", "+46 8 463 00 00 x,890#", "--backup-number", "+46 70 174 06 35"];
    expect(await json(["method", "add-phone", "anna", "--by", "call", ...numbers])).toMatchObject({ sentTo: "•• 00" });
    const row = await here.deps.db.q.selectFrom("factor").select(["address", "parameters"]).executeTakeFirstOrThrow();
    expect(row.address).toBe("+4684630000");
    expect(JSON.parse(row.parameters)).toEqual({ extension: ",890#", backup: "+46701740635" });
    expect(
      (await run(["method", "add-phone", "anna", "--by", "call", "--number", "+46 8 463 00 00 x8w"])).stderr,
    ).toContain("number: has an extension");
    expect(
      (await run(["method", "add-phone", "anna", "--by", "call", "--number", "+46 900 123 45 67"])).stderr,
    ).toContain("premium");
  });

  test("a PIN is drawn, set and ended, and one way at a time is asked for", async () => {
    const { run, json } = cli();
    await run(["user", "add", "anna"]);
    expect(await json(["user", "pin", "anna", "--generate"])).toMatchObject({
      pin: expect.stringMatching(/^\d{6}$/) as string,
    });
    expect(await run(["user", "pin", "anna", "--pin-file", "-"], { stdin: "2955\n" })).toMatchObject({ exit: 0 });
    expect(await run(["user", "pin", "anna", "--pin-file", "-"], { stdin: "1111\n" })).toMatchObject({
      exit: 1,
      stderr: "pin: has three equal digits in a row\n",
    });
    expect(await run(["user", "pin", "anna", "--expire"])).toMatchObject({ exit: 0 });
    expect((await run(["user", "pin", "anna"])).exit).toBe(2);
    expect((await run(["user", "pin", "anna", "--expire", "--generate"])).exit).toBe(2);
  });
});
