import { beforeEach, describe, expect, test } from "vitest";
import { eachCli } from "./cli-setup.ts";

const cli = eachCli();

describe.each(["in this process", "through the socket"])("RADIUS clients by command %s", (how) => {
  beforeEach(async () => {
    if (how === "through the socket") await cli().serve();
  });

  test("a RADIUS client is added with every option, listed and removed", async () => {
    const { run, json } = cli();
    const options = ["--first-factor", "none", "--mode", "append-fixed", "--code-length", "8", "--separator", ";"];
    const rules = ["--require-message-authenticator", "auto", "--limit-proxy-state", "no", "--rate", "100"];
    const until = ["--no-method", "allow-until:2027-01-31", "--approve-without-number", "yes"];
    const reply = ["--reply", "Filter-Id=staff", "--reply", "Class=x", "--application", "VPN"];
    const from = ["--address", "10.0.0.1", "10.0.0.2", "--secret-file", "-"];
    const added = await json(
      ["radius-client", "add", "--name", "vpn", ...from, ...options, ...rules, ...until, ...reply],
      { stdin: "0123456789abcdef0123456789abcdef\n" },
    );
    expect(added).not.toHaveProperty("secret");
    expect(await json(["radius-client", "list"])).toMatchObject({
      clients: [
        {
          name: "vpn",
          addresses: ["10.0.0.1", "10.0.0.2"],
          application: "VPN",
          options: {
            firstFactor: "none",
            mode: "append-fixed",
            codeLength: 8,
            separator: ";",
            requireMessageAuthenticator: "auto",
            limitProxyState: false,
            allowWithoutMethodUntil: Date.parse("2027-01-31"),
            approveWithoutNumber: true,
            reply: ["Filter-Id=staff", "Class=x"],
            rate: 100,
          },
        },
      ],
    });
    expect((await run(["radius-client", "remove", "vpn"])).exit).toBe(0);
    expect((await run(["radius-client", "remove", "vpn"])).exit).toBe(1);
    const plain = await json(["radius-client", "add", "--name", "vpn", "--address", "10.0.0.1"]);
    expect(plain).toMatchObject({
      secret: expect.stringMatching(/^[\w-]{32}$/),
      options: {
        firstFactor: "local",
        mode: "challenge",
        requireMessageAuthenticator: "yes",
        allowWithoutMethodUntil: 0,
        rate: 20_000,
      },
    });
  });

  test("a RADIUS client is changed in what is named, and in nothing else", async () => {
    const { here, run, json } = cli();
    const auto = ["--require-message-authenticator", "auto", "--rate", "100"];
    await json(["radius-client", "add", "--name", "gate", "--address", "10.0.0.3", ...auto]);
    await here.deps.db.q.updateTable("radius_client").set({ pinned: 1 }).where("name", "=", "gate").execute();
    const now = async () => (await json(["radius-client", "list"]))["clients"]?.[0];
    expect((await run(["radius-client", "set", "gate", "--fallback-token", "yes", "--application", "VPN"])).exit).toBe(
      0,
    );
    expect(await now()).toMatchObject({
      application: "VPN",
      requiresMessageAuthenticator: true,
      options: { fallbackToken: true, rate: 100, requireMessageAuthenticator: "auto", allowWithoutMethodUntil: 0 },
    });
    await run(["radius-client", "set", "gate", "--fallback-token", "no", "--require-message-authenticator", "auto"]);
    expect(await now()).toMatchObject({
      application: "VPN",
      requiresMessageAuthenticator: false,
      options: { fallbackToken: false },
    });
    const wrong = await json(["radius-client", "set", "gate", "--fallback-token", "yes", "--mode", "append"]);
    expect(wrong).toMatchObject({ error: { code: "invalid" } });
    expect(await json(["radius-client", "set", "nobody", "--rate", "5"])).toMatchObject({
      error: { code: "not_found" },
    });
  });

  test("a client that anybody could forge is warned of when it is added and changed, and in every list (R-108)", async () => {
    const { run, json } = cli();
    const warned = { warnings: [expect.stringMatching(/^DANGER: anybody .* --limit-proxy-state yes\.$/)] };
    const both = ["--require-message-authenticator", "no", "--limit-proxy-state", "no"];
    expect(await json(["radius-client", "add", "--name", "open", "--address", "10.0.0.1", ...both])).toMatchObject(
      warned,
    );
    expect(await json(["radius-client", "add", "--name", "gate", "--address", "10.0.0.2"])).toMatchObject({
      warnings: [],
    });
    expect(await json(["radius-client", "set", "gate", ...both])).toMatchObject(warned);
    expect((await run(["radius-client", "set", "gate", "--rate", "5"])).stdout).toContain("DANGER: anybody");
    expect(await json(["radius-client", "list"])).toMatchObject({ clients: [warned, warned] });
    const list = (await run(["radius-client", "list"])).stdout;
    expect(list.match(/^(open|gate): DANGER/gm)).toHaveLength(2);
    expect(await json(["radius-client", "set", "gate", "--require-message-authenticator", "yes"])).toMatchObject({
      warnings: [],
    });
  });
});
