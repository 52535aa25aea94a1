// The authenticator app, as a device that is being set up and as one that is.
import { activate, openLink } from "../authenticator.ts";
import type { States } from "./state.ts";

const longName = "Eva Maria Katarina Wolfeschlegelsteinhausenbergerdorff-Lindström";

export const authenticatorStates: States = {
  "no account yet": async (page) => {
    await page.goto("/authenticator/");
    await page.locator("ol").waitFor();
  },
  "what will happen": async (page, { server, language }) => {
    await openLink(page, server, await server.addPerson({ language }));
  },
  codes: async (page, { server, language }) => {
    await activate(page, server, await server.addPerson({ language, displayName: longName }));
  },
};
