// The evaluation's phones, as somebody who tries the product sees them.
import type { Locator, Page } from "@playwright/test";
import { addApiKey, makeCaller } from "../faults/rest.ts";
import { onPhone } from "./phones.ts";
import type { Server } from "./server.ts";
import { expect, test } from "./test.ts";

/** A sign-in somewhere that sends a text to a new person; gives their number. */
async function sendText(server: Server): Promise<string> {
  const { username, phone } = await server.addPerson();
  const caller = await makeCaller(await addApiKey(server.node, ["--name", `shop of ${username}`]));
  const send = await caller.sign({ body: { username } });
  expect((await send(server.baseUrl)).verdict).toBe("challenge");
  return phone;
}

/** As who has no mouse gets there. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await expect(wanted).toBeVisible();
  const isThere = () => wanted.evaluate((element) => element === document.activeElement);
  for (let tabs = 0; tabs < 200 && !(await isThere()); tabs++) await page.keyboard.press("Tab");
  await expect(wanted).toBeFocused();
}

test("a text shows on the open page by itself, with the code to copy", async ({ page, server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/phone");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const phone = await sendText(server);
  const section = page.getByRole("region", { name: phone });
  await section.getByRole("button", { name: "Copy code" }).click();
  await expect(section.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await server.textedCode(phone));
});

test("a new text is read out, what was there when the page opened is not", async ({ page, server }) => {
  const earlier = await sendText(server);
  await page.goto("/phone");
  await expect(page.getByRole("region", { name: earlier })).toBeVisible();
  const phone = await sendText(server);
  await expect(page.locator("[aria-live=polite]").filter({ hasText: `New message to ${phone}` })).toHaveCount(1);
});

test("with the keyboard alone the code is copied and a reply is written, and another window shows it", async ({
  page,
  server,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const number = await sendText(server);
  const code = await server.textedCode(number);
  const other = await context.newPage();
  await other.goto("/phone");
  await page.goto("/phone");
  const phone = page.getByRole("region", { name: number });
  await page.bringToFront();
  await tabTo(page, phone.getByRole("button", { name: "Copy code" }));
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(code);
  await tabTo(page, phone.getByRole("textbox", { name: "Reply to" }));
  await page.keyboard.type(`my answer ${code}`);
  await page.keyboard.press("Enter");
  for (const one of [page, other])
    await expect(one.getByRole("region", { name: number }).getByText(`my answer ${code}`)).toBeVisible();
});

test("a number that is typed becomes a phone, whose network is switched and says so", async ({ page, server }) => {
  const { phone: number } = await server.addPerson();
  await page.goto("/phone");
  await page.getByRole("textbox", { name: "Another number" }).fill(number);
  await page.getByRole("button", { name: "Add phone" }).click();
  const section = page.getByRole("region", { name: number });
  await section.getByText("Network", { exact: true }).click();
  await section.getByRole("combobox", { name: "Text messages" }).selectOption("Get lost");
  await expect(section.getByText("Texts get lost")).toBeVisible();
  await section.getByRole("combobox", { name: "Calls" }).selectOption("Busy");
  await expect(section.getByText("Busy").first()).toBeVisible();
  const { switches } = onPhone(server.baseUrl, number);
  await expect.poll(switches).toMatchObject({ texts: "lost", calls: "busy" });
});

test("with the keyboard alone a call is answered, heard in words, answered with keys and hung up", async ({
  page,
  server,
}) => {
  const { phone: number } = await server.addPerson();
  await page.goto("/phone");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const tested = server.node.tell("gateway test", { channel: "voice", number, waitSeconds: 0 });
  const phone = page.getByRole("region", { name: `Phone ${number}` });
  const pressed = async (name: string) => {
    await tabTo(page, phone.getByRole("button", { name, exact: true }));
    await page.keyboard.press("Enter");
  };
  await expect(page.getByRole("alert")).toContainText(`Incoming call to ${number}`);
  await pressed("Answer");
  const words = phone.getByRole("log", { name: "What is said" }).getByRole("paragraph");
  await expect(words).toHaveCount(1);
  await page.keyboard.type("12");
  await expect(phone.getByLabel("Keys pressed")).toHaveText("12");
  await page.reload();
  await expect(phone.getByLabel("Keys pressed")).toHaveText("12");
  await expect(words).toHaveCount(1);
  await pressed("Hang up");
  await expect(phone.getByText("The call has ended")).toBeVisible();
  await pressed("Close");
  await expect(phone.getByText(/^Call, \d+ s/)).toBeVisible();
  await tested;
});

test("the page says that the server does not answer, and recovers by itself", async ({ page, server }) => {
  await page.route("**/phone/events", (route) => route.fulfill({ status: 503 }));
  await page.goto("/phone");
  await expect(page.getByRole("alert")).toContainText("Countersign does not answer");
  await page.unroute("**/phone/events");
  const phone = await sendText(server);
  await expect(page.getByRole("region", { name: phone })).toBeVisible();
  await expect(page.getByText("Countersign does not answer")).toHaveCount(0);
});
