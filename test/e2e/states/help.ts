// The guide for people, which nobody need sign in for.
import type { States } from "./state.ts";

export const helpStates: States = {
  "all questions": async (page) => {
    await page.goto("/help");
    await page.getByRole("list").last().waitFor();
  },
  "an answer": async (page) => {
    await page.goto("/help/no-text");
    await page.getByRole("list").last().waitFor();
  },
  "accessibility statement": async (page) => {
    await page.goto("/help/accessibility");
    await page.getByRole("list").last().waitFor();
  },
  "no such question": async (page) => {
    await page.goto("/help/absent");
    await page.getByRole("alert").waitFor();
  },
};
