/** The error page (mission C5): what happened, what to do, and the ids to quote. Tells nothing else (R-203). */

import type { FastifyReply, FastifyRequest } from "fastify";
import type { Deps } from "#actions/deps.ts";
import { notePageError } from "#actions/page-errors.ts";
import { helpPath } from "#core/help.ts";
import { pageErrors, type PageErrorName } from "#core/page-errors.ts";
import { html, type Html } from "./html.ts";
import { page, support, type Look } from "./layout.ts";

export type { PageErrorName };
type Ids = {
  sessionId?: string | undefined;
  userId?: string | undefined;
  correlationId?: string | undefined;
  at: number;
};

export function errorPage(look: Look, name: PageErrorName, { place, ...ids }: Ids & { place: string }): string {
  const { say } = look;
  const { number, help } = pageErrors[name];
  const shown: [string, string | undefined][] = [
    [say("ids.page"), place],
    [say("ids.error"), number],
    [say("ids.correlation"), ids.correlationId],
    [say("ids.session"), ids.sessionId],
    [say("ids.user"), ids.userId],
    [say("ids.time"), new Date(ids.at).toISOString()],
  ];
  const rows: Html[] = shown.flatMap(([term, value]) =>
    value === undefined
      ? []
      : [
          html`<dt>${term}</dt>
            <dd>${value}</dd>`,
        ],
  );
  const body = html`<p role="alert">${say(`page_error.${name}.what`)}</p>
    <p>${say(`page_error.${name}.next`)}</p>
    <p><a href="${helpPath(help)}">${say("help.more")}</a></p>
    <div class="support">${support(look)}</div>
    <h2>${say("ids.title")}</h2>
    <dl class="ids" id="ids">${rows}</dl>
    <p>
      <button type="button" class="quiet" data-copy="ids" hidden>${say("ids.copy")}</button>
      <span role="status" data-done="${say("ids.copied")}"></span>
    </p>`;
  return page(look, { title: say("ids.heading"), body, help, script: "copy" });
}

export function sendErrorPage(
  { deps, request, reply, look }: { deps: Deps; request: FastifyRequest; reply: FastifyReply; look: Look },
  name: PageErrorName,
  ids: Ids,
): FastifyReply {
  // only the path: a query may hold what is nobody's business
  const place = request.url.split("?")[0]!.slice(0, 100);
  const told = { ...ids, correlationId: ids.correlationId ?? request.id };
  // what was decided stands in the log already; a crowd is not to be told of one by one
  if (ids.correlationId === undefined && name !== "too_many_requests")
    void notePageError(deps, { name, place, ...told, clientIp: request.clientIp });
  return reply
    .code(pageErrors[name].status)
    .type("text/html; charset=utf-8")
    .send(errorPage(look, name, { place, ...told }));
}
