// People of a real OpenLDAP server: found, let in and refused, over TLS with a private authority, and what may go wrong.
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Verdict } from "#directory/directory.ts";
import { openLdap } from "#directory/ldap.ts";
import { authority, type Authority } from "./support/certificates.ts";
import { installed } from "./support/installed.ts";
import { base, person, service, startSlapd, type Slapd } from "./support/slapd.ts";

const clock = { at: 0, now: () => clock.at };
const open = openLdap(clock);
let ca: Authority;
let slapd: Slapd;

type Check = { urls?: string[]; ca?: string | null; password?: string; mayTry?: (key: string) => Promise<boolean> };
const settings = (more: Partial<Parameters<typeof open>[0]> = {}) => ({
  urls: [slapd.ldaps],
  base,
  bindDn: service.dn,
  bindPassword: service.password,
  ca: ca.pem,
  ...more,
});
const check = async (full: string, { password = "anna's password", mayTry = async () => true, ...more }: Check = {}) =>
  await open(settings(more)).check({ name: { full, short: full.toLowerCase() }, password, mayTry });
const reason = (verdict: Verdict) => ("reason" in verdict ? `${verdict.kind}: ${verdict.reason}` : verdict.kind);

/** A server that is no directory: it gets the sockets, and what it does with them is the test's. */
async function impostor(serve: (socket: Socket) => void): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe.runIf(installed("slapd", "ldapmodify", "openssl", "faketime"))("OpenLDAP", () => {
  beforeAll(async () => {
    ca = await authority();
    slapd = await startSlapd(ca, await ca.issue("localhost"));
    await slapd.change(
      person("anna", {
        cn: "Anna Andersson",
        givenName: "Anna",
        sn: "Andersson",
        mail: "anna.andersson@corp.example",
        mobile: "+46 70 123 45 67",
      }) +
        person("bob", { mail: "shared@corp.example" }) +
        person("eve", { mail: "shared@corp.example" }),
    );
    await slapd.change(
      `dn: cn=VPN\\, staff,${base}\nchangetype: add\nobjectClass: groupOfNames\ncn: VPN, staff\nmember: uid=anna,${base}\n`,
    );
  });
  afterAll(async () => await slapd?.stop());

  test.each(["ldaps", "ldap"] as const)(
    "over %s the right password brings the account, a wrong one nothing",
    async (how) => {
      const urls = [slapd[how]];
      const right = await check("Anna", { urls });
      expect(right).toEqual({
        kind: "right",
        entry: {
          key: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
          username: "anna",
          displayName: "Anna Andersson",
          firstName: "Anna",
          lastName: "Andersson",
          email: "anna.andersson@corp.example",
          mobilePhone: "+46 70 123 45 67",
          groups: ["VPN, staff"],
        },
      });
      expect(await check("anna.andersson@corp.example", { urls })).toEqual(right);
      expect(reason(await check("anna", { urls, password: "bob's password" }))).toBe("wrong: the password is wrong");
      expect(reason(await check("nobody", { urls }))).toBe("unknown");
    },
  );

  test("a name that two accounts have is nobody's", async () => {
    expect(reason(await check("shared@corp.example", { password: "bob's password" }))).toBe("unknown");
    expect(reason(await check("bob", { password: "bob's password" }))).toBe("right");
  });

  // each of these would find anna, were it anything but a value
  test.each(["*", "a*", "anna)(uid=*", "*)(uid=anna", "anna\u0000", "\\61nna", "anna)(objectClass=*)"])(
    "%j is nobody's name",
    async (name) => expect(reason(await check(name))).toBe("unknown"),
  );

  // this server would say yes
  test("no password is no sign-in, and the server is not even asked", async () => {
    let asked = 0;
    const mayTry = async () => (asked += 1) > 0;
    expect(reason(await check("anna", { password: "", mayTry }))).toBe("wrong: no password");
    expect(asked).toBe(0);
  });

  test("no try, no bind: tries are counted for the account, whatever it is called", async () => {
    const keys = new Set<string>();
    const mayTry = async (key: string) => {
      keys.add(key);
      return false;
    };
    for (const name of ["anna", "anna.andersson@corp.example"])
      expect(reason(await check(name, { mayTry }))).toBe("throttled");
    expect(keys.size).toBe(1);
  });

  //
  describe("a certificate that is not to be believed is no answer, with TLS at once and with StartTLS", () => {
    test("for another name", async () => {
      for (const url of [slapd.ldaps, slapd.ldap])
        expect(reason(await check("anna", { urls: [url.replace("localhost", "127.0.0.1")] }))).toMatch(
          /^unavailable: .*the certificate is for another name$/,
        );
    });

    test("of another authority, or of none that was named", async () => {
      const other = await authority();
      for (const url of [slapd.ldaps, slapd.ldap])
        for (const pem of [other.pem, null])
          expect(reason(await check("anna", { urls: [url], ca: pem }))).toMatch(
            /^unavailable: .*authority is not known/,
          );
    });

    test("after its time", async () => {
      const old = await startSlapd(ca, await ca.issue("localhost", { expired: true }));
      try {
        for (const url of [old.ldaps, old.ldap])
          expect(reason(await check("anna", { urls: [url] }))).toMatch(/^unavailable: .*the certificate has expired$/);
      } finally {
        await old.stop();
      }
    });
  });

  test("what someone in between adds to the answer to StartTLS is not taken for the server's", async () => {
    const begun = Buffer.from("300c02010178070a010004000400", "hex");
    // a yes to the bind that would follow
    const forged = Buffer.from("300c02010361070a010004000400", "hex");
    for (const sent of [Buffer.concat([begun, forged]), Buffer.concat([begun, forged.subarray(0, 5)]), forged]) {
      const between = await impostor((socket) => socket.once("data", () => socket.write(sent)));
      try {
        const verdict = await check("anna", { urls: [`ldap://localhost:${between.port}`] });
        expect(reason(verdict)).toMatch(/^unavailable: .*StartTLS/);
      } finally {
        await between.close();
      }
    }
  });

  test("a server without StartTLS hears no password", async () => {
    const heard: Buffer[] = [];
    const refused = Buffer.from("300c02010178070a013504000400", "hex");
    const plain = await impostor((socket) =>
      socket.on("data", (chunk: Buffer) => {
        heard.push(chunk);
        socket.write(refused);
      }),
    );
    try {
      expect(reason(await check("anna", { urls: [`ldap://localhost:${plain.port}`] }))).toMatch(/StartTLS is refused$/);
      expect(Buffer.concat(heard).length).toBe(31);
    } finally {
      await plain.close();
    }
  });

  test("servers are asked in order; one that is gone or silent costs its share of five seconds, and then comes last", async () => {
    const silent = await impostor(() => undefined);
    const mute = `ldaps://localhost:${silent.port}`;
    const timed = async (urls: string[]) => {
      const begun = performance.now();
      const verdict = reason(await check("anna", { urls }));
      return { verdict, ms: performance.now() - begun };
    };
    try {
      const gone = await impostor(() => undefined);
      await gone.close();
      expect(await check("anna", { urls: [`ldaps://localhost:${gone.port}`, slapd.ldaps] })).toMatchObject({
        kind: "right",
      });
      const slow = await timed([mute, slapd.ldaps]);
      expect(slow.verdict).toBe("right");
      expect(slow.ms).toBeGreaterThan(2000);
      const quick = await timed([mute, slapd.ldaps]);
      expect(quick.verdict).toBe("right");
      expect(quick.ms).toBeLessThan(1500);
      clock.at += 30_001;
      const all = await timed([mute]);
      expect(all.verdict).toBe(`unavailable: ${mute}: no answer in time`);
      expect(all.ms).toBeGreaterThan(4500);
      expect(all.ms).toBeLessThan(6500);
    } finally {
      await silent.close();
    }
  });

  test("the service account's own troubles are no verdict on anybody", async () => {
    const refused = await open(settings({ bindPassword: "wrong" })).check({
      name: { full: "anna", short: "anna" },
      password: "anna's password",
      mayTry: async () => true,
    });
    expect(reason(refused)).toMatch(/^unavailable: .*the service account may not sign in \(the password is wrong\)$/);
    const lost = await open(settings({ base: "dc=elsewhere" })).test();
    expect(lost.map(({ step, problem }) => [step, problem])).toEqual([
      ["connect", undefined],
      ["sign in", undefined],
      ["search", "the base is not there"],
    ]);
  });

  test("a trial names every server and step, and needs no password", async () => {
    const gone = "ldaps://localhost:1";
    const steps = await open(settings({ urls: [slapd.ldaps, gone] })).test({ full: "anna", short: "anna" });
    expect(steps.map(({ server, step, problem }) => [server, step, problem])).toEqual([
      [slapd.ldaps, "connect", undefined],
      [slapd.ldaps, "sign in", undefined],
      [slapd.ldaps, "search", undefined],
      [gone, "connect", "nothing listens there"],
    ]);
  });
});
