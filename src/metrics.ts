import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { RadiusServer } from "#edges/radius/server.ts";

/** Prometheus metrics: the process's own and the edges' counts. Nothing in them is about a person (R-281). */
export function metrics(parts: {
  radius: () => RadiusServer | undefined;
  callbacks: Record<string, number>;
  pushes: () => Readonly<Record<string, number>>;
  ready: () => boolean;
}): () => Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("countersign_ready", "1 when this node decides verifications", () => Number(parts.ready()));
  gauge("countersign_radius_pending", "RADIUS requests under way", () => parts.radius()?.stats().pending ?? 0);
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
