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
    expect(await json(["radius-client", "set", "gate", "--mode", "append", "--separator", "7"])).toMatchObject({
      error: { code: "invalid", message: "separator: a digit could be the code's" },
    });
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

  test("a client in another's range, or around it, needs the word for it; one address is one client's (R-118)", async () => {
    const { run, json } = cli();
    let count = 0;
    const add = async (...more: string[]) =>
      await run(["radius-client", "add", "--name", `c${count++}`, "--address", ...more]);
    expect(await add("10.0.0.0/8", "2001:db8::/32")).toMatchObject({ exit: 0 });
    for (const inside of ["10.9.9.9", "10.1.0.0/16", "::ffff:10.1.2.3", "2001:db8:1::/48"]) {
      const refused = await add("192.0.2.1", inside);
      expect([inside, refused.exit]).toEqual([inside, 1]);
      expect(refused.stderr).toMatch(/of the RADIUS client c0 overlap\..* --allow-overlap$/m);
    }
    expect((await add("10.9.9.9", "--allow-overlap")).exit).toBe(0);
    for (const around of ["2001:db8::/31", "10.0.0.0/7"]) {
      expect((await add(around)).stderr).toContain("of the RADIUS client c0 overlap");
      expect((await add(around, "--allow-overlap")).exit).toBe(0);
    }
    const before = await json(["radius-client", "list"]);
    for (const same of ["10.0.0.0/8", "::ffff:10.0.0.0/104", "10.9.9.9", "10.9.9.9/32"])
      expect((await add(same, "--allow-overlap")).stderr).toMatch(/belongs to the RADIUS client c\d already/);
    for (const [one, other] of [
      ["172.16.0.0/12", "172.17.1.1"],
      ["172.17.1.1", "172.16.0.0/12"],
      ["172.17.1.1", "172.17.1.1"],
    ] as const)
      expect((await add(one, other, "--allow-overlap")).stderr).toContain(`${one} and ${other} are given together`);
    expect((await add("172.17.9.9/16")).stderr).toContain("172.17.0.0/16");
    expect((await add("0.0.0.0/0", "--allow-overlap")).stderr).toContain("the whole Internet");
    expect(await json(["radius-client", "list"])).toEqual(before);
  });
});
