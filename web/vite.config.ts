// Builds every page into web/dist: <page>/index.html, and files with a hash in their name under assets/.
// Must stay: no inline script, style or data: file, since the pages' security policy refuses them.
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { build, defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** In one file and under one name, since browsers look for a newer one there. */
const serviceWorker: Plugin = {
  name: "service-worker",
  apply: "build",
  writeBundle: async ({ dir }) => {
    await build({
      configFile: false,
      publicDir: false,
      logLevel: "warn",
      build: {
        outDir: `${dir}/authenticator`,
        emptyOutDir: false,
        modulePreload: false,
        rolldownOptions: {
          input: here("authenticator/worker/sw.ts"),
          output: { format: "iife", entryFileNames: "sw.js" },
        },
      },
    });
  },
};

export default defineConfig({
  root: here("."),
  plugins: [react(), serviceWorker],
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // An object: with an array every chunk is called "index".
    rolldownOptions: {
      input: {
        account: here("account/index.html"),
        authenticator: here("authenticator/index.html"),
        phone: here("phone/index.html"),
      },
    },
  },
});
