// Builds every page into web/dist: <page>/index.html, and files with a hash in their name under assets/.
// Must stay: no inline script, style or data: file, since the pages' security policy refuses them.
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  plugins: [react()],
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // An object: with an array every chunk is called "index".
    rolldownOptions: { input: { account: here("account/index.html"), phone: here("phone/index.html") } },
  },
});
