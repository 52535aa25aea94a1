import { describe, expect, test } from "vitest";
import { refuseRedirect } from "./relying-party.ts";

describe("an address to send a browser back to", () => {
  test.each([
    "https://app.example/callback",
    "https://app.example:8443/callback?tenant=1",
    "http://localhost:3000/cb",
    "http://127.0.0.1/cb",
    "http://[::1]:9/cb",
  ])("may be %s", (uri) => {
    expect(refuseRedirect(uri, { isPublic: false })).toBeUndefined();
  });

  test.each([
    "/callback",
    "app.example/callback",
    "http://app.example/callback",
    "http://localhost.example/cb",
    "https://app.example/callback#here",
    "https://app.example/callback#",
    "https://*.app.example/callback",
    "https://user@app.example/callback",
    "https://app.example\\@evil.example/",
    "https://app.example/call back",
    "javascript:alert(1)",
    "data:text/html,x",
    "com.example.app:/cb",
  ])("may not be %s", (uri) => {
    expect(refuseRedirect(uri, { isPublic: false })).toBeDefined();
  });

  test("may be a scheme of its own for a program on the person's device", () => {
    expect(refuseRedirect("com.example.app:/cb", { isPublic: true })).toBeUndefined();
    expect(refuseRedirect("javascript:/cb", { isPublic: true })).toBeDefined();
    expect(refuseRedirect("myapp:/cb", { isPublic: true })).toBeDefined();
  });
});
