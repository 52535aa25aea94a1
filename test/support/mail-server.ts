// A mail server that listens: it says what it offers, keeps what it is told, and refuses when a test wants it to.
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { Certificate } from "./certificates.ts";

export type Received = { encrypted: boolean; from: string; to: string[]; data: string };
export type MailServer = Awaited<ReturnType<typeof startMailServer>>;

type Offering = { tls?: Certificate; refuse?: () => boolean };

export async function startMailServer({ tls, refuse = () => false }: Offering = {}) {
  const mail: Received[] = [];
  /** every line that a client sent, with whether it was encrypted */
  const heard: { encrypted: boolean; line: string }[] = [];
  const sockets = new Set<Socket>();

  function talk(socket: Socket, encrypted: boolean): void {
    let rest = "";
    let data: string[] | undefined;
    let envelope = { from: "", to: [] as string[] };
    const say = (line: string) => void socket.write(`${line}\r\n`);
    const commands: Record<string, (line: string) => void> = {
      EHLO: () => {
        say("250-test");
        if (tls && !encrypted) say("250-STARTTLS");
        say("250 AUTH PLAIN");
      },
      STARTTLS: () => {
        if (!tls) return say("454 not here");
        say("220 go on");
        socket.removeAllListeners("data");
        const secureContext = createSecureContext({ cert: tls.cert, key: tls.key });
        const secured = new TLSSocket(socket, { isServer: true, secureContext });
        secured.on("error", () => socket.destroy());
        return talk(secured, true);
      },
      AUTH: () => say("235 welcome"),
      MAIL: (line) => {
        envelope = { from: line, to: [] };
        say(refuse() ? "451 come again later" : "250 ok");
      },
      RCPT: (line) => {
        envelope.to.push(line);
        say("250 ok");
      },
      DATA: () => {
        data = [];
        say("354 go on");
      },
      QUIT: () => void socket.end("221 bye\r\n"),
      RSET: () => say("250 ok"),
    };
    socket.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\r\n");
      rest = lines.pop()!;
      for (const line of lines)
        if (data === undefined) {
          heard.push({ encrypted, line });
          const command = commands[line.split(" ")[0]!.toUpperCase()];
          if (command) command(line);
          else say("500 what");
        } else if (line === ".") {
          mail.push({ encrypted, ...envelope, data: data.join("\n") });
          data = undefined;
          say("250 kept");
        } else data.push(line);
    });
    socket.on("error", () => undefined);
    if (!encrypted) say("220 test");
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    talk(socket, false);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mail,
    heard,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
