import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { RadiusServer } from "#edges/radius/server.ts";
import { reasons, type Health } from "./health.ts";

/** Prometheus metrics: the process's own and the edges' counts. Nothing in them is about a person (R-281). */
export function metrics(parts: {
  radius: () => RadiusServer | undefined;
  callbacks: Record<string, number>;
  pushes: () => Readonly<Record<string, number>>;
  state: Health;
}): () => Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  tellState(registry, parts.state);
  gauge(registry, {
    name: "countersign_radius_pending",
    help: "RADIUS requests under way",
    read: () => parts.radius()?.stats().pending ?? 0,
  });
  counter(
    registry,
    { name: "countersign_radius_replies_total", help: "RADIUS replies by code", label: "code" },
    () => parts.radius()?.stats().answered ?? {},
  );
  counter(
    registry,
    {
      name: "countersign_radius_dropped_total",
      help: "RADIUS packets without an answer, by reason",
      label: "reason",
    },
    () => parts.radius()?.stats().dropped ?? {},
  );
  counter(
    registry,
    { name: "countersign_radius_received_total", help: "RADIUS packets received", label: "port" },
    () => ({ authentication: parts.radius()?.stats().received ?? 0 }),
  );
  counter(
    registry,
    { name: "countersign_callbacks_total", help: "Callbacks of carriers, by what became of them", label: "outcome" },
    () => parts.callbacks,
  );
  counter(
    registry,
    { name: "countersign_pushes_total", help: "Notifications to devices, by what became of them", label: "outcome" },
    parts.pushes,
  );
  return async () => await registry.metrics();
}

function tellState(registry: Registry, state: Health): void {
  gauge(registry, {
    name: "countersign_ready",
    help: "1 when this node decides verifications",
    read: () => Number(state.ready()),
  });
  gauge(registry, {
    name: "countersign_clock_skew_seconds",
    help: "How far the database's clock is ahead of this node's",
    read: () => state.skewMs() / 1000,
  });
  new Gauge({
    name: "countersign_degraded",
    help: "1 for each thing that is amiss",
    labelNames: ["reason"],
    registers: [registry],
    collect() {
      const amiss = state.reasons();
      for (const reason of reasons) this.set({ reason }, Number(amiss.includes(reason)));
    },
  });
}

function gauge(registry: Registry, { name, help, read }: { name: string; help: string; read: () => number }): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

type Named = { name: string; help: string; label: string };

function counter(registry: Registry, { name, help, label }: Named, read: () => Record<string, number>): void {
  new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count);
    },
  });
}
