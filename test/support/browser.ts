/** As much of a browser as pages without scripts need: cookies kept, redirects followed, forms filled in and sent. */

export type Shown = {
  status: number;
  path: string;
  query: URLSearchParams;
  text: string;
  headers: Headers;
  via: string[];
};

export function browser(port: number, { origin = "http://localhost:8080", language = "en" } = {}) {
  const cookies = new Map<string, string>();
  let shown: Shown | undefined;

  async function ask(
    target: string,
    body?: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Shown> {
    const via: string[] = [];
    let sending = body;
    for (let to = target; ;) {
      const response = await fetch(`http://127.0.0.1:${port}${to}`, {
        redirect: "manual",
        method: sending ? "POST" : "GET",
        ...(sending && { body: new URLSearchParams(sending) }),
        headers: {
          "accept-language": language,
          ...(sending && { origin }),
          ...(cookies.size > 0 && { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") }),
          ...headers,
        },
      });
      for (const line of response.headers.getSetCookie()) keep(line);
      const location = response.headers.get("location");
      const url = new URL(to, origin);
      if (location === null || !location.startsWith("/")) {
        const text = await response.text();
        shown = {
          status: response.status,
          path: url.pathname,
          query: url.searchParams,
          text,
          headers: response.headers,
          via,
        };
        return shown;
      }
      await response.body?.cancel();
      via.push(location);
      to = location;
      sending = undefined;
    }
  }

  function keep(line: string): void {
    const [name = "", value = ""] = line.split(";")[0]!.split(/=(.*)/s);
    if (value === "") cookies.delete(name);
    else cookies.set(name, value);
  }

  return {
    cookies,
    open: ask,
    /** Sends the form of the page that is shown whose action this is, with what the page put into it. */
    submit: async (action: string, fields: Record<string, string> = {}, headers?: Record<string, string>) => {
      const form = new RegExp(`<form[^>]*action="${action}"[^>]*>(.*?)</form>`, "s").exec(shown!.text)?.[1];
      if (form === undefined) throw new Error(`the page ${shown!.path} has no form ${action}:\n${shown!.text}`);
      const hidden = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map((one) => [
        one[1],
        one[2],
      ]);
      return await ask(action, { ...(Object.fromEntries(hidden) as Record<string, string>), ...fields }, headers);
    },
    title: () => /<h1>(.*?)<\/h1>/.exec(shown?.text ?? "")?.[1] ?? "",
    alert: () => /role="alert">(.*?)</.exec(shown?.text ?? "")?.[1] ?? "",
  };
}
export type Browser = ReturnType<typeof browser>;
