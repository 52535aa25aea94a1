// The evaluation's phone, as somebody who tries the product sees it.
import { addApiKey, makeCaller } from "../faults/rest.ts";
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

test("the code can be copied with the keyboard alone", async ({ page, server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const phone = await sendText(server);
  await page.goto("/phone");
  const button = page.getByRole("region", { name: phone }).getByRole("button");
  await expect(button).toBeVisible();
  await expect(async () => {
    await page.keyboard.press("Tab");
    await expect(button).toBeFocused({ timeout: 100 });
  }).toPass();
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(await server.textedCode(phone));
});

test("the page says that the server does not answer, and recovers by itself", async ({ page, server }) => {
  await page.route("**/phone/messages", (route) => route.fulfill({ status: 503 }));
  await page.goto("/phone");
  await expect(page.getByRole("alert")).toContainText("Countersign does not answer");
  await page.unroute("**/phone/messages");
  const phone = await sendText(server);
  await expect(page.getByRole("region", { name: phone })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});
