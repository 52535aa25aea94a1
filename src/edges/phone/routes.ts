/**
 * The evaluation's simulated phones: their page, and what it asks. Must stay true: a phone is read and its keys are pressed by
 * our own page, or by a program that is no browser; the pages of other sites do neither.
 */

import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Deps } from "#actions/deps.ts";
import type { Phones } from "#actions/phones.ts";
import { isOwn } from "../http/own-origin.ts";
import { pageRoute } from "../http/pages.ts";
import { invalid, sendProblem } from "../http/problem.ts";

export type PhoneOptions = { phones: Phones; publicUrl: string; webDist: URL; stopping: AbortSignal };

const phoneNumber = z.string().regex(/^\+\d{7,15}$/);

/** What a phone's owner may do: the schema of the body, and what is done with it. */
const act = <T>(schema: z.ZodType<T>, run: (phones: Phones, number: string, input: T) => Promise<void> | void) => ({
  run: async (phones: Phones, number: unknown, body: unknown) =>
    await run(phones, read(phoneNumber, number), read(schema, body)),
});
const nothing = z.strictObject({});

const acts = {
  switches: act(
    z.strictObject({
      texts: z.enum(["at_once", "delayed", "lost"]),
      delaySeconds: z.int().min(1).max(3600),
      calls: z.enum(["ring", "busy", "unreachable", "voicemail"]),
    }),
    (phones, number, switches) => phones.setPhone(number, switches),
  ),
  reply: act(
    z.strictObject({ to: z.string().max(64), text: z.string().trim().min(1).max(1600) }),
    async (phones, from, { to, text }) => await phones.reply({ from, to, text }),
  ),
  "pick-up": act(
    z.strictObject({ how: z.enum(["answer", "decline", "busy", "voicemail"]) }),
    (phones, number, { how }) => phones.pickUp(number, how),
  ),
  press: act(z.strictObject({ keys: z.string().regex(/^[\d*#]{1,64}$/) }), (phones, number, { keys }) =>
    phones.press(number, keys),
  ),
  "hang-up": act(nothing, (phones, number) => phones.hangUp(number)),
  "put-away": act(nothing, (phones, number) => phones.putAway(number)),
};

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) throw invalid(result.error);
  return result.data;
}

export function phoneRoutes(app: FastifyInstance, deps: Deps, { phones, publicUrl, webDist, stopping }: PhoneOptions) {
  pageRoute(app, deps, { path: "/phone", file: new URL("phone/index.html", webDist) });
  app.register(async (own) => {
    own.addHook("onRequest", async (request, reply) =>
      isOwn(request, publicUrl) ? undefined : sendProblem(reply, 403),
    );
    own.get("/phone/messages", async () => ({
      messages: (await phones.inbox()).map((message) => ({ ...message, kind: "text" as const })),
    }));
    own.get("/phone/phones", async () => ({ phones: await phones.read() }));
    own.get("/phone/events", (_request, reply) =>
      reply.type("text/event-stream").send(Readable.from(changes(phones, stopping), { objectMode: false })),
    );
    own.post("/phone/phones", async ({ body }) => {
      const { number } = read(z.strictObject({ number: z.string().max(64) }), body);
      return { number: await phones.add(number) };
    });
    for (const [name, { run }] of Object.entries(acts))
      own.post<{ Params: { number: string } }>(`/phone/phones/:number/${name}`, async ({ params, body }, reply) => {
        await run(phones, params.number, body);
        return reply.code(204).send();
      });
  });
}

/** All phones as they are, and again after every change; between, a sign of life, so that one that is gone is noticed. */
async function* changes(phones: Phones, stopping: AbortSignal): AsyncGenerator<string> {
  yield "retry: 1000\n\n";
  for (let seen = -1; !stopping.aborted;) {
    const now = phones.version();
    yield now === seen ? ":\n\n" : `data: ${JSON.stringify({ phones: await phones.read() })}\n\n`;
    seen = now;
    await phones.next(seen, AbortSignal.any([stopping, AbortSignal.timeout(aliveMs)]));
  }
}
const aliveMs = 15_000;
