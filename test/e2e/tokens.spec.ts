// Hardware tokens, from vendors' files to a sign-in: imported, handed out or taken by whoever has one in hand, and used.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { base32 } from "#core/crypto/base32.ts";
import { container, figure, ns } from "../support/pskc.ts";
import { tempFolder } from "../support/process.ts";
import { choose, expectSignedIn, giveCode, givePassword } from "./sign-in.ts";
import type { Person, Server } from "./server.ts";
import { expect, expectAccessible, test } from "./test.ts";
import { counted, timed, type Token } from "./tokens.ts";

const pskc = ({ serial, seed }: Token) =>
  container(
    `<KeyPackage><DeviceInfo><Manufacturer>Acme</Manufacturer><SerialNo>${serial}</SerialNo></DeviceInfo>` +
      `<Key Id="${serial}" Algorithm="${ns}:totp"><AlgorithmParameters><Suite>HMAC-SHA256</Suite><ResponseFormat Length="8" Encoding="DECIMAL"/></AlgorithmParameters>` +
      `<Data><Secret><PlainValue>${seed.toString("base64")}</PlainValue></Secret><TimeInterval><PlainValue>60</PlainValue></TimeInterval></Data></Key></KeyPackage>`,
  );

type Imported = { rows: { serial: string; verdict: string; reason?: string }[] };
const folder = tempFolder("tokens");
function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function signIn(page: Page, person: Person, code: string): Promise<void> {
  await page.goto("/sign-in");
  await givePassword(page, person);
  await giveCode(page, code);
}

async function signInAgain(page: Page, person: Person, code: string): Promise<void> {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.locator("#username").waitFor();
  await signIn(page, person, code);
}

async function takeToken(page: Page, serial: string, ...codes: string[]): Promise<void> {
  await choose(page, "token");
  await page.getByLabel("Serial number").fill(serial);
  await page.getByLabel("Verification code").fill(codes[0]!);
  await page.getByLabel("The code after that").fill(codes[1] ?? "");
  await page.getByRole("button", { name: "This is my token" }).click();
}

const lastResult = async ({ node }: Server, { username }: Person) =>
  (await node.tell<{ records: { result: string }[] }>("log list", { user: username, limit: 1 })).records[0]!.result;

test("a plain file: handed out, signed in with, and the file once more lets no used code in", async ({
  page,
  server,
}) => {
  const person = await server.addPerson({ text: false });
  const token = timed();
  const { serial } = token;
  const path = file("plain.xml", pskc(token));
  expect((await server.cli<Imported>("token", "import", path)).rows).toMatchObject([{ serial, verdict: "accepted" }]);
  await server.node.tell("token assign", { serial, username: person.username });
  await server.node.tell("token activate", { serial, codes: [token.code()] });
  await page.goto("/sign-in");
  await givePassword(page, person);
  await expect(page.getByText(`Enter the code from your token ${serial}.`)).toBeVisible();
  await giveCode(page, token.code(1));
  await expectSignedIn(page);
  const again = await server.node.cli(["token", "import", path, "--json"]);
  expect((JSON.parse(again.stdout) as Imported).rows).toMatchObject([{ serial, verdict: "refused" }]);
  await signInAgain(page, person, token.code(1));
  await expect(page.getByRole("alert")).toHaveText("That code is not right. Try again.");
  expect(await lastResult(server, person)).toBe("FAILED_OATH_CODE_DUPLICATE");
});

test("a file under a passphrase: its token is taken in the wizard, and signs in", async ({ page, server }) => {
  const path = file("figure7.xml", figure(7));
  const passphrase = file("passphrase", "qwerty");
  const { rows } = await server.cli<Imported>("token", "import", path, "--passphrase-file", passphrase);
  expect(rows).toMatchObject([{ serial: "987654321", verdict: "accepted" }]);
  const seed = Buffer.from("12345678901234567890");
  const token = counted({ serial: "987654321", seed }, { digits: 8, algorithm: "sha1" });
  const person = await server.addPerson({ text: false });
  await page.goto("/sign-in");
  await givePassword(page, person);
  await takeToken(page, token.serial, token.code(0));
  await expect(page.getByRole("alert")).toContainText("That did not fit a token that can be yours.");
  await expectAccessible(page);
  await page.getByLabel("Verification code").fill(token.code(1));
  await page.getByLabel("The code after that").fill(token.code(2));
  await page.getByRole("button", { name: "This is my token" }).click();
  await page.getByRole("button", { name: "Done, continue" }).click();
  await expectSignedIn(page);
  await signInAgain(page, person, token.code(3));
  await expectSignedIn(page);
});

test("a table full of mistakes: each is named, and a good row's token is taken, renamed and given back", async ({
  page,
  server,
}) => {
  const [good, twin, misread, odd, short] = [1, 2, 3, 4, 5].map(() => timed()) as [Token, Token, Token, Token, Token];
  const row = ({ serial }: Token, secret: string, interval = 60) => `${serial},${secret},${interval},8,SHA256`;
  const path = file(
    "messy.csv",
    [
      "serial,secret,interval,digits,hash",
      row(good, base32(good.seed)),
      row(twin, base32(good.seed)),
      row(good, base32(twin.seed)),
      row(misread, base32(misread.seed).replace(/^./, "1").replace(/.$/, "8")),
      row(odd, base32(odd.seed), 45),
      short.serial,
    ].join("\n"),
  );
  const { rows } = await server.cli<Imported>("token", "import", path, "--good-rows-only");
  expect(rows.map(({ verdict, reason }) => [verdict, reason].join(" ").trim())).toEqual([
    "accepted",
    `refused secret: that of "${good.serial}", which stands in an earlier row of this file too`,
    "refused serial number: stands in an earlier row of this file too, with another secret; a token's secret is never replaced",
    "refused secret: has a 0, 1, 8 or 9, which Base32 does not know: O, I and B are letters there",
    "refused time interval: has to be 30 or 60 seconds",
    "refused has 1 columns where 5 are expected",
  ]);

  const person = await server.addPerson({ text: false });
  const app = await server.addApp(person);
  await signIn(page, person, await app.code());
  await expectSignedIn(page);
  await page.getByRole("button", { name: "Add a way to verify" }).first().click();
  await takeToken(page, good.serial, good.code());
  await page.getByRole("button", { name: "Done, continue" }).click();
  const card = (name: string) => page.locator("li").filter({ has: page.getByRole("heading", { level: 3, name }) });
  await expect(card(good.serial)).toContainText("Token");
  await card(good.serial).getByRole("button", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Key ring");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(card("Key ring")).toContainText(`Token · serial number ${good.serial}`);

  await card("Key ring").getByRole("button", { name: "Its codes are refused" }).click();
  await expect(page.getByLabel("Code", { exact: true })).toBeFocused();
  await page.getByLabel("Code", { exact: true }).fill(good.code(3));
  await page.getByLabel("The code after that").fill(good.code(4));
  await page.getByRole("button", { name: "Set it right" }).click();
  await expect(page.getByText("The token is in step again.")).toBeVisible();

  await card("Key ring").getByRole("button", { name: "Remove" }).click();
  await expect(card("Key ring")).toContainText("it can be given to somebody else: hand it back");
  await page.getByRole("button", { name: "Remove it" }).click();
  await expect(card("Key ring")).toHaveCount(0);
  expect(await server.node.tell("token list", { part: good.serial, limit: 1 })).toMatchObject({
    tokens: [{ state: "available", username: null }],
  });
});
