// Mail as a mail server receives it: encrypted or not at all, one recipient, no header that a text could write.
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openSmtp, type Mailer, type Smtp } from "#delivery/email/smtp.ts";
import { makeAuthority, type Authority, type Certificate } from "../support/certificates.ts";
import { startMailServer, type MailServer } from "../support/mail-server.ts";

const roots = getCACertificates("default");
let known: Authority;
let trusted: Certificate;
let server: MailServer;
let mailer: Mailer;
beforeAll(async () => {
  known = await makeAuthority();
  setDefaultCACertificates([...roots, known.cert]);
  trusted = await known.issue("IP:0.0.0.0,IP:127.0.0.1");
});
afterAll(() => setDefaultCACertificates(roots));
afterEach(async () => {
  mailer.close();
  await server.stop();
});

/** An address of this machine that is not named as a loopback one, so that the rules for every other machine hold. */
const elsewhere = "0.0.0.0";
const open = (changes: Partial<Smtp> = {}) => {
  const login = { user: "countersign", password: "hunter2-hunter2" };
  mailer = openSmtp({ host: elsewhere, port: server.port, ...login, from: "mfa@example.org", ...changes });
  return mailer;
};
const mail = { id: "msg_1", to: "ada@example.com", subject: "Din inloggning", text: "Hej Åsa!\nNågot har ändrats." };
const headersOf = (data: string) => data.slice(0, data.indexOf("\n\n"));

describe("mail", () => {
  test("goes out encrypted, as plain text to one person, under one id however often it is sent", async () => {
    server = await startMailServer({ tls: trusted });
    open();
    await mailer.send(mail);
    await mailer.send(mail);
    expect(server.mail.length).toBe(2);
    for (const { encrypted, from, to, data } of server.mail) {
      expect(encrypted).toBe(true);
      expect(from).toContain("<mfa@example.org>");
      expect(to).toEqual(["RCPT TO:<ada@example.com>"]);
      expect(headersOf(data)).toMatch(/^Message-ID: <msg_1@example\.org>$/im);
      expect(headersOf(data)).toMatch(/^Subject: Din inloggning$/m);
      expect(headersOf(data)).toMatch(/^Auto-Submitted: auto-generated$/m);
      expect(headersOf(data)).toMatch(/^Content-Type: text\/plain; charset=utf-8$/m);
      expect(data).toContain("=C3=85sa");
    }
    expect(server.heard.filter(({ encrypted }) => !encrypted).map(({ line }) => line.split(" ")[0])).toEqual([
      "EHLO",
      "STARTTLS",
    ]);
  });

  test("is not sent, nor the password, to a server without encryption on another machine", async () => {
    server = await startMailServer();
    await expect(open().send(mail)).rejects.toThrow(/STARTTLS/);
    expect(server.mail).toEqual([]);
    expect(server.heard.map(({ line }) => line.split(" ")[0])).not.toContain("AUTH");
  });

  test.each([
    ["nobody vouches for", async () => await (await makeAuthority()).issue(`IP:${elsewhere}`)],
    ["is another's", async () => await known.issue("DNS:another.example")],
  ])("is not sent to a server whose certificate %s", async (_, certificate) => {
    server = await startMailServer({ tls: await certificate() });
    await expect(open().send(mail)).rejects.toThrow(/certificate/);
    expect(server.mail).toEqual([]);
  });

  test("goes to this machine's own server as it is", async () => {
    server = await startMailServer();
    await open({ host: "127.0.0.1", user: undefined, password: undefined }).send(mail);
    expect(server.mail.map(({ encrypted }) => encrypted)).toEqual([false]);
  });

  test("lets no text become a header or another recipient", async () => {
    server = await startMailServer({ tls: trusted });
    open();
    await mailer.send({ ...mail, subject: "One\r\nBcc: eve@example.com\r\n\r\nbody" });
    expect(server.mail[0]!.to).toEqual(["RCPT TO:<ada@example.com>"]);
    expect(headersOf(server.mail[0]!.data)).not.toMatch(/^Bcc/im);
    expect(headersOf(server.mail[0]!.data)).toContain("Subject: One Bcc: eve@example.com body");
    const bad = [
      "ada@example.com,eve@example.com",
      "ada@example.com\r\nBcc: eve@example.com",
      '"eve@example.com" <ada@example.com>',
      '"eve@evil.com x"@example.com',
      "eve:ada@example.com;",
      "ada@example.com\u0000",
      "<ada@example.com>",
      "ada",
    ];
    for (const to of bad) await expect(mailer.send({ ...mail, to })).rejects.toMatchObject({ code: "invalid" });
    expect(server.mail.length).toBe(1);
  });
});
