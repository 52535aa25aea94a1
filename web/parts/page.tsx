// What every page stands in: the theme, the language, and the page's half of the security policy.
// The server's policy is strict (no inline style without the nonce, Trusted Types); see toTrust below for what passes.
import "@mantine/core/styles.css";
import "../tokens.css";
import { MantineProvider } from "@mantine/core";
import { StrictMode } from "react";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { cssVariables, theme } from "../theme.ts";

type Rules = { createHTML(html: string): string; createScriptURL(url: string): string };
type TrustedTypes = { createPolicy(name: string, rules: Rules): unknown };

/** Mantine writes its style sheets through innerHTML. CSS has no "<", so markup from anywhere is still refused. */
function toTrust(html: string): string {
  if (html.includes("<")) throw new TypeError("markup refused");
  return html;
}

/** The one script that a page starts by its address. */
export const serviceWorker = "/authenticator/sw.js";

function toStart(url: string): string {
  if (url !== serviceWorker) throw new TypeError("script refused");
  return url;
}

/** The server writes a new nonce into each page it sends. */
const nonce = () => document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.nonce ?? "";

export function showPage(title: string, language: string, content: ReactNode): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy("default", { createHTML: toTrust, createScriptURL: toStart });
  document.title = title;
  document.documentElement.lang = language;
  createRoot(document.querySelector("#page")!).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariables}
        defaultColorScheme="auto"
        getStyleNonce={nonce}
      >
        {content}
      </MantineProvider>
    </StrictMode>,
  );
}
