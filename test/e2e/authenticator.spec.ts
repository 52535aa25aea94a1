// The authenticator app, in a browser of its own.
import { activate, expectRightCode, openLink, setUpDevice, signingIn } from "./authenticator.ts";
import { expectSignedIn, giveCode, givePassword } from "./sign-in.ts";
import { expect, test, virtualAuthenticator } from "./test.ts";

test("the app can be installed", async ({ page }) => {
  await page.goto("/authenticator/");
  await page.evaluate(async () => await navigator.serviceWorker.ready);
  const client = await page.context().newCDPSession(page);
  const { installabilityErrors } = await client.send("Page.getInstallabilityErrors");
  // a test's browser keeps nothing, so it installs nothing; everything else must be right
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
});

test("a link sets the device up once, and its codes are right without the server, and sign in", async ({
  page,
  server,
  browser,
  consoleErrors,
}) => {
  const person = await server.addPerson({ text: false });
  const link = await openLink(page, server, person);
  // the code is in no address that stays
  expect(new URL(page.url()).hash).toBe("#add");
  await page.goBack();
  expect(page.url()).toBe("about:blank");
  await page.goto(link);
  const device = await setUpDevice(page);
  await expectRightCode(page, device);

  await page.evaluate(async () => await navigator.serviceWorker.ready);
  await server.node.stop();
  try {
    await page.reload();
    await expect(page.getByText("The server cannot be reached. The codes work all the same.")).toBeVisible();
    await expectRightCode(page, device);
  } finally {
    await server.node.start();
  }
  // the browser says so of each time that the app asked
  for (const error of consoleErrors.splice(0)) expect(error).toMatch(/net::ERR_(CONNECTION_REFUSED|INCOMPLETE)/);

  const other = await browser.newContext({ baseURL: server.baseUrl });
  const desk = await other.newPage();
  await desk.goto("/sign-in");
  await givePassword(desk, person);
  await desk.getByRole("link", { name: "Use a different verification option" }).click();
  await desk.getByRole("button", { name: "Code from your app" }).click();
  await giveCode(desk, device.code(Date.now()));
  await expectSignedIn(desk);
  await desk.goto(link);
  await desk.getByRole("button", { name: "Set it up" }).click();
  await expect(desk.getByRole("alert")).toContainText("wrong, used already or too old");
  await other.close();
});

test("the short code does the same, typed with the name, on a device whose clock is wrong", async ({
  page,
  server,
}) => {
  await page.clock.install({ time: Date.now() + 600_000 });
  const { username } = await server.addPerson();
  const { code } = await server.node.tell<{ code: string }>("method add-authenticator", { username });
  await page.goto("/authenticator/");
  await page.getByRole("link", { name: "Type a code" }).click();
  await page.getByLabel("User name").fill(username);
  await page.getByLabel("Code").fill(code.toLowerCase());
  await page.getByRole("button", { name: "Next" }).click();
  await expectRightCode(page, await setUpDevice(page));
  await expect(page.getByText("clock is 10 minutes wrong")).toBeVisible();
});

test("a set-up that the network or a proxy breaks off is tried again with the same code; the server alone ends it", async ({
  page,
  server,
  consoleErrors,
}) => {
  const person = await server.addPerson();
  await openLink(page, server, person);
  const answers = [
    { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" },
    { status: 429, contentType: "application/problem+json", body: `{"code":"too_many_requests"}` },
    { status: 200, contentType: "text/html", body: "<h1>Welcome to the hotel</h1>" },
  ];
  const confirming = "**/device/v1/activations/confirm";
  await page.route(confirming, async (route) => {
    const answer = answers.shift();
    await (answer ? route.fulfill(answer) : route.continue());
  });
  await page.getByRole("button", { name: "Set it up" }).click();
  await expect(page.getByText("The set-up of this device is not finished.")).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("We are asked too often");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("alert")).toContainText("The server cannot be reached");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("No push on this device")).toBeVisible();

  await openLink(page, server, person);
  answers.push({ status: 400, contentType: "application/problem+json", body: `{"code":"activation_refused"}` });
  await page.getByRole("button", { name: "Set it up" }).click();
  await expect(page.getByRole("alert")).toContainText("wrong, used already or too old");
  await page.goto("/authenticator/");
  await expect(page.locator("main li")).toHaveCount(1);
  for (const error of consoleErrors.splice(0)) expect(error).toMatch(/status of (502|429|400)/);
});

test("no script can read a key of the device", async ({ page, server }) => {
  await activate(page, server, await server.addPerson());
  const kept = await page.evaluate(async () => {
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.addEventListener("success", () => resolve(request.result));
        request.addEventListener("error", () => reject(request.error ?? new Error("refused")));
      });
    const accounts = (await asked(indexedDB.open("countersign-authenticator"))).transaction("accounts");
    const [account] = await asked(accounts.objectStore("accounts").getAll());
    const { signing, code } = account as { signing: CryptoKey; code: { key: CryptoKey } };
    return [signing, code.key].map(({ extractable, usages }) => ({ extractable, usages }));
  });
  expect(kept).toEqual(Array(2).fill({ extractable: false, usages: ["sign"] }));
});

test("a wrong number ends the request, and who says no lets nobody in", async ({ page, server }) => {
  const person = await server.addPerson({ text: false });
  await activate(page, server, person);
  const first = await signingIn(page, server, person);
  await page.keyboard.type(first.number === "123456" ? "654321" : "123456");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "That was not the number" })).toBeVisible();
  await first.leave();
  await page.getByRole("button", { name: "Done" }).click();

  const second = await signingIn(page, server, person);
  await page.getByRole("button", { name: "Answer later" }).click();
  const waiting = page.getByRole("button", { name: "Waits for your answer" });
  await expect(waiting).toBeVisible();
  await expect(page.getByText("No sign-in waits for your answer.")).toBeHidden();
  await waiting.click();
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByRole("heading", { name: "Denied" })).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("button", { name: "Press to copy" })).toBeVisible();
  await expect(second.desk.getByRole("alert")).toBeVisible();
  await second.leave();
});

test("who says that it was not them is told what happens, and is blocked", async ({ page, server }) => {
  const person = await server.addPerson({ text: false });
  await activate(page, server, person);
  const { leave } = await signingIn(page, server, person);
  await page.getByRole("button", { name: "This wasn't me" }).click();
  await expect(page.getByText("your sign-in is blocked until they have looked into it")).toBeVisible();
  await expect(page.getByRole("button", { name: "Deny", exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Deny and report" }).click();
  await expect(page.getByRole("heading", { name: "Denied, reported and blocked" })).toBeVisible();
  await leave();
});

test("a device that is blocked shows no code that does not count, says whom to ask, and shows codes again when it may", async ({
  page,
  server,
}) => {
  await server.node.tell("settings set", { name: "support.phone", text: "+46 8 123 45 67" });
  try {
    const { username } = await server.addPerson();
    const { deviceId: device } = await activate(page, server, { username });
    await server.node.tell("device block", { username, device });
    await page.getByRole("button", { name: "Look again" }).click();
    await expect(page.getByText("Its codes and answers do not count.")).toBeVisible();
    await expect(page.getByRole("link", { name: "+46 8 123 45 67" })).toHaveAttribute("href", "tel:+4681234567");
    await expect(page.getByRole("button", { name: "Press to copy" })).toBeHidden();
    await server.node.tell("device unblock", { username, device });
    await page.getByRole("button", { name: "Look again" }).click();
    await expect(page.getByRole("button", { name: "Press to copy" })).toBeVisible();
  } finally {
    await server.node.tell("settings unset", { name: "support.phone" });
  }
});

test("where the PIN is wanted it is typed in the app with the number, and a new one is chosen there", async ({
  page,
  server,
}) => {
  await server.node.tell("settings set", { name: "pin.methods", text: '["push"]' });
  try {
    const person = await server.addPerson({ text: false });
    await server.node.tell("user pin", { username: person.username, how: "set", pin: "2583" });
    await activate(page, server, person);
    const { desk, number, leave } = await signingIn(page, server, person);
    await page.getByLabel("Type the number").fill(number);
    await page.getByLabel("Your PIN").fill("2583");
    const choose = async (pin: string) => {
      await page.getByLabel("New PIN", { exact: true }).fill(pin);
      await page.getByLabel("New PIN once more").fill(pin);
      await page.getByRole("button", { name: "Approve" }).click();
    };
    await choose("1234");
    await expect(page.getByRole("alert")).toContainText("three digits that count up or down");
    await choose("7419");
    await expect(page.getByRole("heading", { name: "Approved" })).toBeVisible();
    await expectSignedIn(desk);
    await leave();
  } finally {
    await server.node.tell("settings unset", { name: "pin.methods" });
  }
});

test("a device is named and removed in the app, and at the server with it", async ({ page, server }) => {
  const { username } = await server.addPerson();
  await activate(page, server, { username });
  const listed = async () => {
    const { devices } = await server.node.tell<{ devices: { name: string }[] }>("device list", { username });
    return devices.map(({ name }) => name);
  };
  await page.getByRole("link", { name: "Manage" }).click();
  await page.getByLabel("Name of this device").fill("Blue phone");
  await page.getByRole("button", { name: "Save" }).click();
  await expect.poll(listed).toEqual(["Blue phone"]);
  await page.getByRole("button", { name: "Remove from this device" }).click();
  await page.getByRole("button", { name: "Remove it" }).click();
  await expect(page.getByRole("heading", { name: "No account on this device yet" })).toBeVisible();
  expect(await listed()).toEqual([]);
});

test("a device that the server does not know any more says so, and leads to a new set-up", async ({ page, server }) => {
  const { username } = await server.addPerson();
  const { deviceId } = await activate(page, server, { username });
  await server.node.tell("device remove", { username, device: deviceId });
  await page.getByRole("button", { name: "Look again" }).click();
  const said = page.getByRole("alert");
  await expect(said).toContainText("Authentication request is not for an activated account");
  const affected = async () => {
    const { devices } = await server.node.tell<{ devices: { username: string; why: string }[] }>("device unactivated");
    return devices.filter((one) => one.username === username).map(({ why }) => why);
  };
  expect(await affected()).toEqual(["removed"]);
  await said.getByRole("button", { name: "Repair it" }).click();
  await page.getByRole("button", { name: "Remove and go on" }).click();
  await expect(page.getByRole("heading", { name: "Step 2 of 2" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Open your account's page" })).toHaveAttribute("href", "/account");
  await activate(page, server, { username });
  expect(await affected()).toEqual([]);
});

test("where approvals need the device's own lock, the first one binds it, and no other is good", async ({
  page,
  server,
}) => {
  await server.node.tell("settings set", { name: "push.local-unlock", text: "required" });
  try {
    const lock = await virtualAuthenticator(page);
    const person = await server.addPerson({ text: false });
    await activate(page, server, person);
    const { desk, number, leave } = await signingIn(page, server, person);
    await lock.setUserVerified(false);
    await page.keyboard.type(number);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("alert")).toContainText("was not unlocked, so nothing was sent");
    await lock.setUserVerified(true);
    await page.getByRole("button", { name: "Approve" }).click();
    await expect(page.getByRole("heading", { name: "Approved" })).toBeVisible();
    await expectSignedIn(desk);
    expect(await lock.passkeys()).toHaveLength(1);
    await leave();
  } finally {
    await server.node.tell("settings unset", { name: "push.local-unlock" });
  }
});
