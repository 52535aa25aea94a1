// A world whose texts go out over real sockets, and the listener that carriers call back; shared by a file's tests.
import { askVendor } from "#delivery/ask.ts";
import { serveHttp } from "#edges/http/server.ts";
import { sleeping, world, type Kind } from "../../support/world.ts";

export type Edge = Awaited<ReturnType<typeof startEdge>>;

export async function startEdge(kind: Kind = "sqlite") {
  const w = await world({ kind });
  w.deps.net = askVendor;
  const clock = { ...w.deps.clock };
  const callbacks: Record<string, number> = {};
  const server = await serveHttp(w.deps, {
    people: { host: "127.0.0.1", port: 0 },
    internal: undefined,
    publicUrl: w.deps.db.node.publicUrl,
    trustedProxies: ["127.0.0.1"],
    ready: () => true,
    reasons: () => [],
    metrics: async () => "",
    callbacks,
    webDist: new URL("../../../web/dist/", import.meta.url),
  });
  return {
    w,
    callbacks,
    port: server.people!.port,
    /** Ten seconds are over after these. */
    hurry: (ms: number) => {
      const sleep: typeof clock.sleep = async (asked, signal) =>
        await clock.sleep(asked >= 10_000 ? ms : asked, signal);
      Object.assign(w.deps.clock, sleeping(sleep));
    },
    clear: async () => {
      for (const table of ["gateway", "delivery", "outbox"] as const) await w.deps.db.q.deleteFrom(table).execute();
      Object.assign(w.deps.clock, clock);
      w.logged.length = 0;
    },
    stop: async () => {
      await server.stop();
      await w.close();
    },
  };
}
