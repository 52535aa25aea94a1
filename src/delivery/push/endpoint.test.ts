import { expect, test } from "vitest";
import { defaultSettings } from "#core/settings/index.ts";
import { findService } from "./endpoint.ts";

const rules = {
  services: defaultSettings["push.services"],
  ownServices: ["push.inside.example:8443", "localhost:9999"],
};
const service = (endpoint: string) => findService(endpoint, rules);

test("the browsers' push services are on the list", () => {
  for (const endpoint of [
    "https://fcm.googleapis.com/fcm/send/abc:def",
    "https://jmt17.google.com/fcm/send/abc",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
    "https://web.push.apple.com/QGuQ",
    "https://wns2-par02p.notify.windows.com/w/?token=BQY",
  ])
    expect(service(endpoint)).toMatchObject({ host: new URL(endpoint).host, own: false });
});

test("one's own service is known by host and port, and as one's own", () => {
  expect(service("https://push.inside.example:8443/x")).toMatchObject({ host: "push.inside.example:8443", own: true });
  expect(service("https://push.inside.example/x")).toBeUndefined();
});

test.each([
  "http://127.0.0.1:5432",
  "http://fcm.googleapis.com/fcm/send/abc",
  "https://127.0.0.1/",
  "https://[::1]/",
  "https://[::ffff:169.254.169.254]/latest/meta-data",
  "https://169.254.169.254/latest/meta-data",
  "https://localhost/",
  "https://fcm.googleapis.com:8443/fcm/send/abc",
  "https://fcm.googleapis.com.evil.example/",
  "https://evilpush.apple.com/",
  "https://push.apple.com.evil.example/",
  "https://evil.example/?https://fcm.googleapis.com",
  "https://fcm.googleapis.com@evil.example/",
  "https://user@fcm.googleapis.com/fcm/send/abc",
  "https://user:secret@fcm.googleapis.com/fcm/send/abc",
  "https://fcm.googleapis.com./fcm/send/abc",
  String.raw`https://evil.example\@fcm.googleapis.com/`,
  "file:///etc/passwd",
  "javascript:alert(1)",
  "",
  "nowhere",
  `https://fcm.googleapis.com/${"x".repeat(2000)}`,
])("nothing is sent to %s", (endpoint) => expect(service(endpoint)).toBeUndefined());
