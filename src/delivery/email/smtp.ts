/**
 * Mail by an organisation's own server. Must stay true: a password and a message leave this machine encrypted or not at all,
 * and nothing in a message can become a header, a second recipient or a file.
 */

import { createTransport } from "nodemailer";
import { AppError } from "#core/errors.ts";

export type Smtp = {
  host: string;
  port: number;
  /** both or none; `password` is a secret */
  user: string | undefined;
  password: string | undefined;
  /** the address that mail comes from */
  from: string;
};
export type Mail = { id: string; to: string; subject: string; text: string };
export type Mailer = { send(mail: Mail): Promise<void>; close(): void };

/** RFC 8314: TLS from the first octet; on every other port it is asked for by STARTTLS. */
const tlsPort = 465;
/** Below the time after which the outbox lets another node try. */
const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 5_000 };

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
/** One address and nothing that could be read as two, or as a route (no quotes, comments, groups). */
const oneAddress = /^[^\s\p{Cc}"(),:;<>@[\\\]]+@[^\s\p{Cc}"(),:;<>@[\\\]]+$/u;

export function openSmtp({ host, port, user, password, from }: Smtp): Mailer {
  const here = loopback.test(host);
  const secure = port === tlsPort;
  const transport = createTransport({
    pool: true,
    maxConnections: 3,
    // the outbox tries again, and counts
    maxRequeues: 0,
    ...timeouts,
    host,
    port,
    secure,
    requireTLS: !here && !secure,
    ignoreTLS: here && !secure,
    tls: { minVersion: "TLSv1.2" },
    ...(user !== undefined && { auth: { user, pass: password ?? "" } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = from.slice(from.lastIndexOf("@") + 1);
  return {
    async send({ id, to, subject, text }) {
      if (!oneAddress.test(to)) throw new AppError("invalid", "the address is not one e-mail address");
      await transport.sendMail({
        // one id a message, however often it is handed over: a mailbox can tell that it has it
        messageId: `<${id}@${domain}>`,
        from: { name: "", address: from },
        to: { name: "", address: to },
        subject: subject.replaceAll(/\p{Cc}+/gu, " "),
        text,
        // RFC 3834: no "out of office" comes back
        headers: { "Auto-Submitted": "auto-generated" },
      });
    },
    close: () => transport.close(),
  };
}
