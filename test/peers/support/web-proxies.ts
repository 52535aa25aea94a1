// nginx and Caddy as child processes with the files of examples/, in which only names and ports are replaced; and a stand-in
// for Traefik, which Debian does not package, that does what the same lists in its file make Traefik do.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { findProgram, freePort, remove, startProcess, tempFolder, waitUntil } from "../../support/process.ts";

export type WebProxy = { site: URL; stop(): Promise<void> };
type Behind = { countersign: number; app: number };
export type StartProxy = (behind: Behind) => Promise<WebProxy>;

const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));
const siteAt = (port: number) => new URL(`http://app.localhost:${port}/`);

function example(name: string, replaced: [string | RegExp, string][]): string {
  let text = readFileSync(join(examples, name), "utf8");
  for (const [from, to] of replaced) {
    const changed = text.replaceAll(from, to);
    if (changed === text) throw new Error(`examples/${name} has no ${String(from)}`);
    text = changed;
  }
  return text;
}

async function started(program: string, args: string[], { folder, port }: { folder: string; port: number }) {
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = startProcess(findProgram(program)!, args, { env });
  const site = siteAt(port);
  const answers = async () => {
    if (!child.running()) throw new Error(child.output());
    return await fetch(`http://127.0.0.1:${port}/.countersign/start`).catch(() => undefined);
  };
  await waitUntil(`${program} answering`, answers, { explain: () => child.output() });
  return {
    site,
    stop: async () => {
      await child.stop();
      remove(folder);
    },
  };
}

export const startNginx: StartProxy = async ({ countersign, app }) => {
  const [folder, port] = [tempFolder("nginx"), await freePort()];
  cpSync(join(examples, "nginx"), folder, { recursive: true });
  const site = example("nginx/site.conf", [
    ["listen 443 ssl;", `listen 127.0.0.1:${port};`],
    [/^ *ssl_.*\n/gm, ""],
    ["server_name app.example.org;", "server_name app.localhost;"],
    ["https://app.example.org;", `http://app.localhost:${port};`],
    ["127.0.0.1:8080", `127.0.0.1:${countersign}`],
    ["127.0.0.1:3000", `127.0.0.1:${app}`],
  ]);
  writeFileSync(join(folder, "site.conf"), site);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${folder}/t;`,
  );
  const user = process.getuid?.() === 0 ? "user root;" : "";
  // underscores on: the worst that a site may have set
  const main = `daemon off; pid ${folder}/pid; error_log stderr; worker_processes 1; ${user}
events {}
http { access_log off; underscores_in_headers on; ${temporary.join(" ")} include site.conf; }`;
  writeFileSync(join(folder, "nginx.conf"), main);
  return await started("nginx", ["-c", join(folder, "nginx.conf"), "-e", "stderr"], { folder, port });
};

export const startCaddy: StartProxy = async ({ countersign, app }) => {
  const [folder, port] = [tempFolder("caddy"), await freePort()];
  cpSync(join(examples, "caddy"), folder, { recursive: true });
  const site = example("caddy/Caddyfile", [
    ["app.example.org {", `http://app.localhost:${port} {\n\tbind 127.0.0.1`],
    ["127.0.0.1:8080", `127.0.0.1:${countersign}`],
    ["127.0.0.1:3000", `127.0.0.1:${app}`],
  ]);
  writeFileSync(join(folder, "Caddyfile"), `{\n\tadmin off\n\tauto_https off\n}\n${site}`);
  const config = join(folder, "Caddyfile");
  return await started("caddy", ["run", "--adapter", "caddyfile", "--config", config], { folder, port });
};

type TraefikFile = {
  http: {
    middlewares: {
      "countersign-strip": { headers: { customRequestHeaders: Record<string, string> } };
      "countersign-ask": { forwardAuth: { authRequestHeaders: string[]; authResponseHeaders: string[] } };
    };
  };
};

/** pkg/middlewares/auth/forward.go and headers/header.go of Traefik 3, in as far as the file uses them. */
export const startTraefikLike: StartProxy = async ({ countersign, app }) => {
  const { middlewares } = (parse(example("traefik/countersign.yml", [])) as TraefikFile).http;
  const { customRequestHeaders } = middlewares["countersign-strip"].headers;
  const { authRequestHeaders, authResponseHeaders } = middlewares["countersign-ask"].forwardAuth;
  const port = await freePort();
  const lower = (names: string[]) => names.map((name) => name.toLowerCase());
  const stripped = lower(Object.keys(customRequestHeaders));

  const server = createServer((request, response) => {
    const headers: IncomingHttpHeaders = { ...request.headers };
    for (const name of stripped) delete headers[name];
    // the entry point believes no X-Forwarded-… of a stranger
    for (const name of Object.keys(headers)) if (name.startsWith("x-forwarded-")) delete headers[name];
    const forwarded = { "x-forwarded-proto": "http", "x-forwarded-host": request.headers.host };
    const target = request.url!;
    if (target.startsWith("/.countersign/"))
      return pass(countersign, { target, headers: { ...headers, ...forwarded } });
    const asked: IncomingHttpHeaders = {
      ...forwarded,
      "x-forwarded-method": request.method,
      "x-forwarded-uri": target,
    };
    for (const name of lower(authRequestHeaders)) if (headers[name] !== undefined) asked[name] = headers[name];
    const question = httpRequest(
      { host: "127.0.0.1", port: countersign, path: "/forward-auth", headers: asked },
      (answer) => {
        if (answer.statusCode! < 200 || answer.statusCode! >= 300) return relay(answer, response);
        answer.resume();
        for (const name of lower(authResponseHeaders)) {
          delete headers[name];
          if (answer.headers[name] !== undefined) headers[name] = answer.headers[name];
        }
        return pass(app, { target, headers });
      },
    );
    question.on("error", () => response.writeHead(500).end()).end();

    function pass(to: number, { target: path, headers: sent }: { target: string; headers: IncomingHttpHeaders }) {
      const { method } = request;
      const options = { host: "127.0.0.1", port: to, method, path, headers: sent, setHost: false };
      const onward = httpRequest(options, (answer) => relay(answer, response));
      onward.on("error", () => response.writeHead(502).end());
      request.pipe(onward);
    }
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    site: siteAt(port),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

function relay(answer: IncomingMessage, response: ServerResponse): void {
  const { connection: _connection, "keep-alive": _keepAlive, ...headers } = answer.headers;
  response.writeHead(answer.statusCode!, headers);
  answer.pipe(response);
}
