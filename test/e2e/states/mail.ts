// The simulated mailboxes. The first letter comes a moment after the start, when the outbox is looked at.
import { expect } from "@playwright/test";
import type { States } from "./state.ts";

export const mailStates: States = {
  mailboxes: async (page) => {
    await expect(async () => {
      await page.goto("/mail");
      await expect(page.getByRole("article").first()).toBeVisible({ timeout: 500 });
    }).toPass();
  },
};
