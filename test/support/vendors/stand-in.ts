// A vendor at the edge of the network: it takes orders over TLS as its documents say, and keeps what it was asked. It can be
// out of order in the ways that vendors are. Must stay true: its checks and signatures are its own, none of ours.
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { makeAuthority, type Authority, type Certificate } from "../certificates.ts";

/** How it behaves; `silent`: it sends, and its answer never comes. */
export type Mood = "well" | "failing" | "busy" | "refusing" | "garbled" | "silent";
export type Order = { path: string; authorization: string; type: string; form: URLSearchParams; body: string };
export type Text = { to: string; from: string; text: string; ref: string; reportUrl: string | undefined };
/** A callback as it leaves the vendor. */
export type Post = { url: string; headers: Record<string, string>; body: string };

export type Protocol = {
  /** what is answered to an order that is not right; nothing: it is */
  refuse: (order: Order) => { status: number; body: object | string } | undefined;
  read: (order: Order, ref: string) => Text;
  accept: (text: Text) => { status: number; body: object };
  moods: Record<"failing" | "busy" | "refusing", { status: number; body: object | string }>;
};
export type StandIn = Awaited<ReturnType<typeof startVendor>>;

let authority: Promise<Authority> | undefined;
const certificates = new Map<string, Promise<Certificate>>();

/** Makes this process believe in the stand-ins' certificates, beside all others. */
export async function trustVendors(): Promise<void> {
  authority ??= makeAuthority();
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), (await authority).cert]);
}

/** The same for another process: the file that NODE_EXTRA_CA_CERTS names there. */
export async function trustFile(): Promise<string> {
  authority ??= makeAuthority();
  return (await authority).certFile;
}

export async function certificateFor(names: string): Promise<Certificate> {
  authority ??= makeAuthority();
  const known = certificates.get(names) ?? (await authority).issue(names);
  certificates.set(names, known);
  return await known;
}

export async function startVendor(protocol: Protocol, { names = "DNS:localhost" } = {}) {
  const { cert, key } = await certificateFor(names);
  const orders: Order[] = [];
  const sent: Text[] = [];
  const control = { mood: "well" as Mood };
  const server = createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const { url: path = "", headers } = request;
      const type = headers["content-type"] ?? "";
      const form = new URLSearchParams(type.includes("form") ? body : "");
      const order = { path, authorization: headers.authorization ?? "", type, form, body };
      orders.push(order);
      const answer = serve(order);
      if (!answer) return;
      const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
      response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
    });
  });
  const serve = (order: Order): { status: number; body: object | string } | undefined => {
    const { mood } = control;
    if (mood === "failing" || mood === "busy" || mood === "refusing") return protocol.moods[mood];
    const refused = protocol.refuse(order);
    if (refused) return refused;
    const text = protocol.read(order, `ref-${sent.length + 1}`);
    sent.push(text);
    if (mood === "silent") return undefined;
    return mood === "garbled" ? { status: 200, body: "<html>Welcome to this hotel" } : protocol.accept(text);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    orders,
    sent,
    control,
    clear: () => {
      orders.length = 0;
      sent.length = 0;
      control.mood = "well";
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
