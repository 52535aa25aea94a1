// Keeps the page and the files it loads, so that the app opens without a network. Must stay true: a page is kept only together with
// every file it names, and only what our own server answered with "ok" is kept.

const name = "shell";
const page = "/authenticator/";
/** A network that is slower than this is as good as none. */
const patienceMs = 3000;

const filesIn = (markup: string): string[] => [...new Set(markup.match(/\/assets\/[\w.-]+/g))];

/** Asks for the page and keeps it; throws when there is no answer. */
export async function renewShell(): Promise<Response> {
  const answer = await fetch(page, { cache: "no-store", redirect: "error" });
  if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
  const [kept, files] = [await caches.open(name), filesIn(await answer.clone().text())];
  const there = (await kept.keys()).map(({ url }) => new URL(url).pathname);
  await kept.addAll(files.filter((file) => !there.includes(file)));
  await kept.put(page, answer.clone());
  for (const path of there) if (path !== page && !files.includes(path)) await kept.delete(path);
  return answer;
}

/** The page as the server has it now; as it was when the server does not answer in time. */
export async function shownPage(): Promise<Response> {
  const fresh = renewShell();
  const kept = await caches.match(page);
  if (!kept) return await fresh;
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept), patienceMs));
  return await Promise.race([fresh.catch(() => kept), late]);
}

/** What a file's name holds never changes, so a kept one is as good as the server's. */
export const shownFile = async (request: Request): Promise<Response> =>
  (await caches.match(request)) ?? (await fetch(request));
