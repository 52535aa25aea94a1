// The authenticator app, as a device that is being set up and as one that is.
import { activate, openLink, signingIn } from "../authenticator.ts";
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
  "an account": async (page, { server, language }) => {
    await activate(page, server, await server.addPerson({ language, displayName: longName }));
    await page.locator("li header a").click();
    await page.locator("dl").waitFor();
  },
  "a request": async (page, { server, language }) => {
    const person = await server.addPerson({ language, text: false });
    await activate(page, server, person);
    await (await signingIn(page, server, person)).leave();
  },
  "before a report": async (page, { server, language }) => {
    const person = await server.addPerson({ language, text: false, displayName: longName });
    await activate(page, server, person);
    await (await signingIn(page, server, person)).leave();
    await page.locator("main button").nth(2).click();
  },
  "not activated any more": async (page, { server, language }) => {
    const { username } = await server.addPerson({ language });
    const { deviceId } = await activate(page, server, { username });
    await server.node.tell("device remove", { username, device: deviceId });
    await page.reload();
    await page.getByRole("alert").waitFor();
  },
};
