// Builds the pages when they are older than their sources; a release carries built ones and no sources.
// In a process of its own, so that the build's memory is not the server's; swapped in whole, so that a server reading
// the pages meanwhile never finds half of them.
import { spawnSync } from "node:child_process";
import { globSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const changedAt = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Whether any source in the folder of the pages is newer than its built pages, or none are built. */
export function pagesAreStale(web: string): boolean {
  const built = globSync("dist/*/index.html", { cwd: web }).map((file) => changedAt(join(web, file)));
  const sources = globSync("**/*", { cwd: web, exclude: ["dist*", "node_modules"] });
  const oldest = Math.min(...built);
  return built.length === 0 || sources.some((file) => changedAt(join(web, file)) > oldest);
}

/** Throws when the build fails; its output is on standard error. */
export function ensurePages(): void {
  const web = join(root, "web");
  if (!pagesAreStale(web)) return;
  const fresh = join(web, `dist-${process.pid}`);
  const vite = ["node_modules/vite/bin/vite.js", "build", "web", "--logLevel", "warn", "--outDir", fresh];
  const { status } = spawnSync(process.execPath, vite, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("The pages could not be built; what vite said stands above.");
  rmSync(join(web, "dist"), { recursive: true, force: true });
  renameSync(fresh, join(web, "dist"));
}
