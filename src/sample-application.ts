/**
 * The evaluation's sample application: what any web application does to sign people in with OpenID Connect, by hand and in one
 * file. An application of your own uses its framework's library for all of this.
 */

import { createHash, createPublicKey, randomBytes, verify, type webcrypto } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { escape, list, page, pageHeaders } from "./sample-page.ts";

export type Registered = { id: string; secret: string };
type Claims = {
  sub: string;
  acr: string;
  amr: string[];
  auth_time: number;
  nonce?: string;
  aud: string;
  iss: string;
  exp: number;
};
type Person = { name: string; claims: Claims; idToken: string };
type Endpoints = Record<
  "authorization_endpoint" | "token_endpoint" | "userinfo_endpoint" | "jwks_uri" | "end_session_endpoint" | "issuer",
  string
>;
type Sample = { url: string; discover: () => Promise<Endpoints>; self: Registered };
type Attempt = { state: string; nonce: string; verifier: string };

const chance = () => randomBytes(32).toString("base64url");
const json = async (url: string, init: RequestInit = {}): Promise<unknown> => {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}: ${await response.text()}`);
  return await response.json();
};

/** Listens at the port, or at any when it is taken; registers itself, and says where it is. */
export async function serveSampleApplication(options: {
  host: string;
  port: number;
  issuer: string;
  register: (url: string) => Promise<Registered>;
}): Promise<{ url: string; stop: () => Promise<void> }> {
  const { host, issuer, register } = options;
  const attempts = new Map<string, Attempt>();
  const people = new Map<string, Person>();
  const server = createServer((request, response) => {
    answer({ sample, attempts, people }, request, response).catch((error: unknown) => {
      send(response, `<h1>That did not work</h1><pre>${escape(String(error))}</pre><p><a href="/">Back</a></p>`, 500);
    });
  });
  const listen = async (port: number) =>
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
  await listen(options.port).catch(async () => await listen(0));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const discover = async () => (await json(`${issuer}/.well-known/openid-configuration`)) as Endpoints;
  const sample: Sample = { url, discover, self: await register(url) };
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, stop };
}

type Around = { sample: Sample; attempts: Map<string, Attempt>; people: Map<string, Person> };

async function answer(around: Around, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", around.sample.url);
  const browser = /(?:^|; )sample=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? chance();
  response.setHeader("set-cookie", `sample=${browser}; Path=/; HttpOnly; SameSite=Lax`);
  const person = around.people.get(browser);
  if (url.pathname === "/sign-in") return await signIn(around, { browser, url, response });
  if (url.pathname === "/callback") return await comeBack(around, { browser, url, response });
  if (url.pathname === "/sign-out" && person) {
    around.people.delete(browser);
    const { end_session_endpoint: end } = await around.sample.discover();
    return go(response, end, { id_token_hint: person.idToken, post_logout_redirect_uri: `${around.sample.url}/` });
  }
  return send(response, person ? signedIn(person) : signedOut);
}

type Exchange = { browser: string; url: URL; response: ServerResponse };

/** Sends the browser to sign in, and remembers what has to come back. */
async function signIn({ sample, attempts }: Around, { browser, url, response }: Exchange): Promise<void> {
  const attempt = { state: chance(), nonce: chance(), verifier: chance() };
  attempts.set(browser, attempt);
  const acr = url.searchParams.get("acr");
  go(response, (await sample.discover()).authorization_endpoint, {
    client_id: sample.self.id,
    response_type: "code",
    redirect_uri: `${sample.url}/callback`,
    scope: "openid profile email groups",
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: createHash("sha256").update(attempt.verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...(acr !== null && { acr_values: acr }),
  });
}

/** Redeems the code, and believes the ID token only after having looked at all of it. */
async function comeBack({ sample, attempts, people }: Around, { browser, url, response }: Exchange): Promise<void> {
  const attempt = attempts.get(browser);
  attempts.delete(browser);
  const given = Object.fromEntries(url.searchParams);
  if (given["error"] !== undefined) throw new Error(`${given["error"]}: ${given["error_description"]}`);
  const endpoints = await sample.discover();
  if (!attempt || given["state"] !== attempt.state || given["iss"] !== endpoints.issuer)
    throw new Error("this answer belongs to no sign-in of this browser");
  const { id, secret } = sample.self;
  const tokens = (await json(endpoints.token_endpoint, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: given["code"] ?? "",
      redirect_uri: `${sample.url}/callback`,
      code_verifier: attempt.verifier,
    }),
  })) as { id_token: string; access_token: string };
  const claims = await checked(tokens.id_token, { endpoints, id, nonce: attempt.nonce });
  const authorization = `Bearer ${tokens.access_token}`;
  const about = (await json(endpoints.userinfo_endpoint, { headers: { authorization } })) as {
    name: string;
    sub: string;
  };
  if (about.sub !== claims.sub) throw new Error("the answers are about two people");
  people.set(browser, { name: about.name, claims, idToken: tokens.id_token });
  go(response, `${sample.url}/`);
}

async function checked(
  token: string,
  { endpoints, id, nonce }: { endpoints: Endpoints; id: string; nonce: string },
): Promise<Claims> {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as unknown;
  const { kid, alg } = read(header) as { kid: string; alg: string };
  const { keys } = (await json(endpoints.jwks_uri)) as { keys: (webcrypto.JsonWebKey & { kid: string })[] };
  const jwk = keys.find((key) => key.kid === kid);
  if (!jwk || alg !== "ES256") throw new Error("the ID token is signed with an unknown key");
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const isSigned = verify(
    "sha256",
    Buffer.from(`${header}.${payload}`),
    { key, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  const claims = read(payload) as Claims;
  const { iss, aud, exp } = claims;
  if (!isSigned || iss !== endpoints.issuer || aud !== id || exp * 1000 <= Date.now() || claims.nonce !== nonce)
    throw new Error("the ID token is not good");
  return claims;
}

const signedOut = `<h1>Sample application</h1><p>You are not signed in.</p>
<p><a href="/sign-in">Sign in</a></p>`;

const signedIn = ({ name, claims: { sub, acr, amr, auth_time } }: Person) => `<h1>Signed in as ${escape(name)}</h1>
${list({ sub, acr, amr: amr.join(", "), auth_time: new Date(auth_time * 1000).toISOString() })}
<p><a href="/sign-in?acr=phr">Ask for a passkey</a></p>
<p><a href="/sign-out">Sign out</a></p>`;

function go(response: ServerResponse, to: string, parameters: Record<string, string> = {}): void {
  const url = new URL(to);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  response.writeHead(303, { location: url.href }).end();
}

function send(response: ServerResponse, body: string, status = 200): void {
  response.writeHead(status, pageHeaders).end(page("Sample application", body));
}
