// An application of another origin, as a person meets it: there, to the sign-in pages, back, and out again.
import type { Page } from "@playwright/test";
import type { Server } from "./server.ts";
import { giveCode, givePassword } from "./sign-in.ts";
import { expect, test } from "./test.ts";

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });
const addressOf = async (server: Server) => {
  const { postLogoutUris } = await server.cli<{ postLogoutUris: string[] }>(
    "application",
    "show",
    "Sample application",
  );
  return postLogoutUris[0]!;
};

for (const javaScriptEnabled of [true, false])
  test.describe(javaScriptEnabled ? "in any browser" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });
    test("a person signs in to an application and out of it", async ({ page, server }) => {
      const person = await server.addPerson();
      const app = await server.addApp(person);
      await page.goto(await addressOf(server));
      await page.getByRole("link", { name: "Sign in" }).click();
      await givePassword(page, person);
      await giveCode(page, await app.code());
      await expect(heading(page, "Signed in as Eva Test")).toBeVisible();
      await expect(page.getByText("urn:countersign:mfa")).toBeVisible();
      await expect(page.getByText("pwd, otp, mfa")).toBeVisible();

      // signed in once, signed in everywhere
      await page.context().clearCookies({ name: "sample" });
      await page.reload();
      await page.getByRole("link", { name: "Sign in" }).click();
      await expect(heading(page, "Signed in as Eva Test")).toBeVisible();

      await page.getByRole("link", { name: "Sign out" }).click();
      if (!javaScriptEnabled) await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page.getByText("You are not signed in.")).toBeVisible();
      await page.getByRole("link", { name: "Sign in" }).click();
      await expect(page.getByLabel("Password")).toBeVisible();
    });
  });
