import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readForwarded, readHost, readPath, readReturn } from "./forwarded-request.ts";

const nginx = { "x-original-url": "https://app.example.org/a?b=c", "x-original-method": "GET" };
const caddy = {
  "x-forwarded-method": "GET",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "app.example.org",
  "x-forwarded-uri": "/a?b=c",
};
const read = { method: "GET", scheme: "https", host: "app.example.org", path: "/a", target: "/a?b=c" };

describe("a request that a proxy asks about", () => {
  test("is read from nginx' headers, from Caddy's and Traefik's, and from both when they agree", () => {
    for (const headers of [nginx, caddy, { ...nginx, ...caddy }]) expect(readForwarded(headers)).toEqual(read);
  });

  test("is none when the two kinds of headers disagree in anything", () => {
    const others: Record<string, string>[] = [
      { "x-forwarded-method": "POST" },
      { "x-forwarded-proto": "http" },
      { "x-forwarded-host": "other.example.org" },
      { "x-forwarded-uri": "/a" },
    ];
    for (const other of others) expect(readForwarded({ ...nginx, ...caddy, ...other })).toBeUndefined();
  });

  test("is none when a header is missing, there twice or of a kind that serves another path", () => {
    expect(readForwarded({})).toBeUndefined();
    for (const name of Object.keys(nginx)) expect(readForwarded({ ...nginx, [name]: undefined })).toBeUndefined();
    for (const name of Object.keys(caddy)) {
      expect(readForwarded({ ...caddy, [name]: undefined })).toBeUndefined();
      expect(readForwarded({ ...caddy, [name]: "x, y" })).toBeUndefined();
      expect(readForwarded({ ...nginx, [name]: "GET" })).toBeUndefined();
    }
    expect(readForwarded({ ...caddy, "x-rewrite-url": "/public" })).toBeUndefined();
    expect(readForwarded({ ...caddy, "x-http-method-override": "GET" })).toBeUndefined();
  });

  test("keeps WebSockets and methods nobody knows", () => {
    expect(readForwarded({ ...caddy, "x-forwarded-proto": "wss" })).toEqual(read);
    expect(readForwarded({ ...caddy, "x-forwarded-method": "FROB" })).toMatchObject({ method: "FROB" });
    for (const proto of ["ftp", "HTTPS", "", "constructor"])
      expect(readForwarded({ ...caddy, "x-forwarded-proto": proto })).toBeUndefined();
  });

  test("without TLS is one only on this machine", () => {
    for (const host of ["localhost:9000", "app.localhost", "127.0.0.1:8443"])
      expect(readReturn(`http://${host}/`)).toMatchObject({ scheme: "http", host, path: "/" });
    for (const host of ["app.example.org", "localhost.example.org", "notlocalhost", "127.0.0.2"])
      expect(readReturn(`http://${host}/`)).toBeUndefined();
  });
});

test("hosts come in lower case, with their port unless it is the scheme's own", () => {
  expect(readHost("App.Example.ORG")).toBe("app.example.org");
  expect(readHost("app.example.org:443")).toBe("app.example.org");
  expect(readHost("localhost:80", "http")).toBe("localhost");
  expect(readHost("app.example.org:8443")).toBe("app.example.org:8443");
  for (const bad of [
    "",
    ".",
    "a.",
    "a..b",
    "-a",
    "a-",
    "a_b",
    "u@a",
    "a:",
    "a:0",
    "a:65536",
    "a:0443",
    "[::1]",
    "a b",
    "å",
  ])
    expect([bad, readHost(bad)]).toEqual([bad, undefined]);
  expect(readHost(`${"a".repeat(64)}.org`)).toBeUndefined();
  expect(readHost(`${"a.".repeat(127)}`.slice(0, -1))).toHaveLength(253);
  expect(readHost(`${"a.".repeat(128)}`.slice(0, -1))).toBeUndefined();
});

describe("a path", () => {
  test("is decoded when that leaves one reading", () => {
    expect(readPath("/")).toBe("/");
    expect(readPath("/a/b/")).toBe("/a/b/");
    expect(readPath("/r%C3%A9sum%C3%A9?q=%2e%2e/../")).toBe("/résumé");
    expect(readPath("/%61dmin")).toBe("/admin");
    expect(readPath("/100%25.pdf")).toBe("/100%.pdf");
    expect(readPath("/.well-known/a..b/~ada:x@y,z=1+2!$&'()*")).toBe("/.well-known/a..b/~ada:x@y,z=1+2!$&'()*");
  });

  test("that survives is the same however it is read again", () => {
    const piece = fc.constantFrom(..."/.;%25\\aA2eEfFcC0 ?#:$+~uU".split(""), "%2e", "%2F", "%c3%a9", "..", "%00");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const target = `/${pieces.join("")}`;
        const path = readPath(target);
        if (path === undefined) return;
        const raw = target.split("?")[0]!;
        expect(decodeURIComponent(raw)).toBe(path);
        // a browser's or a server's own normalising, before or after decoding, leads nowhere else
        for (const text of [raw, encodeURI(path)]) {
          const { pathname } = new URL(`https://a.example${text}`);
          expect(decodeURIComponent(pathname)).toBe(path);
        }
        expect(path).not.toMatch(/\/\/|\/\.{1,2}(\/|$)|[;\\\0]|%[0-9a-f]{2}/i);
      }),
      { numRuns: 5000 },
    );
  });

  test("comes of any text or does not, and nothing breaks", () => {
    const text = fc.string({ unit: "binary-ascii" });
    fc.assert(
      fc.property(text, (one) => {
        expect(["string", "undefined"]).toContain(typeof readPath(`/${one}`));
      }),
    );
    fc.assert(
      fc.property(text, (one) => {
        expect(["object", "undefined"]).toContain(typeof readReturn(`https://${one}`));
      }),
    );
  });
});
