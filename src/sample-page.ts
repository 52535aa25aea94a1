/** How the evaluation's sample sites look: a page whose policy lets in its one style, and nothing else. */

import { createHash } from "node:crypto";

const style =
  ":root{color-scheme:light dark}body{max-width:34rem;margin:4rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}" +
  "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem}dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}" +
  "p:has(a){margin-block:1.25rem}a{color:light-dark(#085652,#7fd1c8)}";

export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; frame-ancestors 'none'`,
  "cache-control": "no-store",
};

/** `body` is HTML. */
export const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><meta name="viewport" content="width=device-width, initial-scale=1">
<style>${style}</style></head><body><main>${body}</main></body></html>
`;

export const list = (fields: Record<string, string>): string =>
  `<dl>${Object.entries(fields)
    .map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`)
    .join("")}</dl>`;

export const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
