// The authenticator app and what is pushed to it.
import { openLink, setUpDevice, signingIn } from "./authenticator.ts";
import { notifications, withPush } from "./pushed.ts";
import { expectSignedIn } from "./sign-in.ts";
import { expect, test } from "./test.ts";

test("a device with notifications proves itself by one, and is told of a sign-in in words that say nothing of it", async ({
  page,
  server,
}) => {
  const push = await withPush(page, server);
  try {
    const person = await server.addPerson({ text: false });
    await openLink(page, server, person);
    const ready = setUpDevice(page);
    await push.deliver("validate");
    await ready;
    await expect(page.getByText("No push on this device")).toBeHidden();
    // who looks at the app needs no notification of it
    await expect.poll(() => notifications(page)).toEqual([]);

    const { desk, number, leave } = await signingIn(page, server, person);
    const { id } = await push.deliver("request");
    const said = { title: "Somebody signs in with your name", body: "Open to see whether it is you.", tag: id };
    await expect.poll(() => notifications(page)).toEqual([{ ...said, actions: 0 }]);
    await expect(page.locator("dt")).toHaveText(["To", "From", "When", "As"]);
    await expect(page.getByLabel("Type the number")).toBeFocused();
    const approve = page.getByRole("button", { name: "Approve" });
    await page.keyboard.type(number.slice(0, -1));
    await expect(approve).toBeDisabled();
    await page.keyboard.type(number.slice(-1));
    await approve.click();
    await expect(page.getByRole("heading", { name: "Approved" })).toBeVisible();
    await expectSignedIn(desk);
    await expect.poll(() => notifications(page)).toEqual([]);
    await leave();
  } finally {
    await push.stop();
  }
});

test("every push shows something while the app is closed, and what asks for nothing goes when it opens", async ({
  page,
  server,
}) => {
  const push = await withPush(page, server);
  try {
    const person = await server.addPerson({ text: false });
    await openLink(page, server, person);
    // its worker says so when it is done with a push: until then it may take away what the next one shows
    const done = page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          navigator.serviceWorker.addEventListener("message", () => resolve(), { once: true });
        }),
    );
    const ready = setUpDevice(page);
    const { id: proof } = await push.deliver("validate");
    await Promise.all([ready, done]);
    // a page of ours that is not the app
    await page.goto("/help");
    const titles = async () => Object.fromEntries((await notifications(page)).map(({ title, tag }) => [tag, title]));
    const tell = async (type: string, id: string) => await push.hand({ v: 1, type, id });
    await tell("validate", proof);
    await expect.poll(titles).toEqual({ ready: "Notifications work on this device" });
    const asked = "Somebody signs in with your name";
    await tell("request", "chl_1");
    await expect.poll(titles).toEqual({ chl_1: asked });
    await tell("request", "chl_2");
    await expect.poll(titles).toEqual({ chl_1: asked, chl_2: asked });
    await tell("over", "chl_1");
    await expect.poll(titles).toEqual({ chl_1: "No answer is needed any more", chl_2: asked });
    await page.goto("/authenticator/");
    await expect.poll(titles).toEqual({});
  } finally {
    await push.stop();
  }
});
