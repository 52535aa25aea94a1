// As much of a browser as signing in takes: cookies by host (ports are all one to them), redirects, forms. Every name leads to
// this machine.
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

export type Seen = { url: URL; status: number; text: string; headers: IncomingMessage["headers"] };
type Sent = { method?: string; form?: Record<string, string>; headers?: Record<string, string> };

/** `ca`: whose certificates it trusts */
export function openBrowser({ ca }: { ca?: string } = {}) {
  const jar = new Map<string, Map<string, string>>();
  /** every redirect that was followed */
  const way: string[] = [];
  const cookiesFor = ({ hostname }: URL) => [...(jar.get(hostname) ?? [])].map((pair) => pair.join("=")).join("; ");

  async function once(url: URL, { method = "GET", form, headers = {} }: Sent): Promise<Seen> {
    const body = form && new URLSearchParams(form).toString();
    const sent = {
      accept: "text/html",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
      ...(form && { "content-type": "application/x-www-form-urlencoded", origin: url.origin }),
      ...headers,
      host: url.host,
      cookie: cookiesFor(url),
    };
    const path = `${url.pathname}${url.search}`;
    const options = { host: "127.0.0.1", servername: url.hostname, ca, port: url.port, path, method, headers: sent };
    const ask = url.protocol === "https:" ? httpsRequest : httpRequest;
    return await new Promise((resolve, reject) => {
      const request = ask(options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => {
          keep(url, response.headers["set-cookie"] ?? []);
          resolve({ url, status: response.statusCode ?? 0, text, headers: response.headers });
        });
      });
      request.on("error", reject).end(body);
    });
  }

  function keep({ hostname }: URL, cookies: string[]): void {
    const own = jar.get(hostname) ?? new Map<string, string>();
    jar.set(hostname, own);
    for (const cookie of cookies) {
      const [pair = "", ...attributes] = cookie.split(";").map((part) => part.trim());
      if (attributes.some((one) => /^domain=/i.test(one))) throw new Error(`a cookie for more than its host: ${pair}`);
      const [name = "", value = ""] = pair.split("=");
      if (attributes.includes("Max-Age=0") || value === "") own.delete(name);
      else own.set(name, value);
    }
  }

  async function go(target: string | URL, sent: Sent = {}): Promise<Seen> {
    let seen = await once(new URL(target), sent);
    for (let left = 20; [302, 303].includes(seen.status); left -= 1) {
      if (left === 0) throw new Error(`redirects without end:\n${way.join("\n")}`);
      const next = new URL(seen.headers.location!, seen.url);
      way.push(next.href);
      seen = await once(next, {});
    }
    return seen;
  }

  /** Fills in the page's form with this action and sends it. */
  async function submit(page: Seen, action: string, fields: Record<string, string>): Promise<Seen> {
    const form = new RegExp(`<form[^>]*action="${action}"[^>]*>(.*?)</form>`, "s").exec(page.text)?.[1];
    if (form === undefined) throw new Error(`no form ${action} on ${page.url.href}:\n${page.text}`);
    const hidden = form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g);
    const given = Object.fromEntries(Array.from(hidden, ([, name, value]) => [name!, value!]));
    return await go(new URL(action, page.url), { method: "POST", form: { ...given, ...fields } });
  }

  /** `header`: the cookies that it would send there */
  return { go, once, submit, header: cookiesFor };
}
