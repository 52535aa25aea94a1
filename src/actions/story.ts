/**
 * What happened, told in order, from any id that a person can quote or a log can show: of a request, record, challenge,
 * session, person, method, client. It reads the log and nothing else, so that it tells only what was decided.
 */

import { advices, type Advice } from "#core/advice.ts";
import { AppError } from "#core/errors.ts";
import { pageErrors, type PageErrorName } from "#core/page-errors.ts";
import { results, type Result, type ResultCode } from "#core/results.ts";
import { findMention, listRecords } from "#store/records.ts";
import { findSessionOwner } from "#store/sessions.ts";
import type { Deps } from "./deps.ts";
import { withApplications, type LogRecord } from "./records.ts";

export type Story = {
  id: string;
  /** oldest first */
  entries: (LogRecord & { sentence: string })[];
  /** about how it ended */
  advice?: Advice;
};

/** The newest that are told of a person; `log list --user` has all. */
const ofPerson = 20;
const ofRequest = 500;
/** A session's story begins with the sign-in before it. */
const signInMs = 15 * 60_000;

export async function tellStory(deps: Deps, id: string): Promise<Story> {
  const rows = await rowsOf(deps, id);
  if (rows.length === 0)
    throw new AppError(
      "not_found",
      `nothing in the log has the id ${id}. If an error page showed it, so many were shown that not all were noted: search the server's own log for it`,
    );
  const records = await withApplications(deps, rows.toReversed());
  const entries = records.map((record) => ({ ...record, sentence: sentenceOf(record) }));
  const last = records.at(-1)!;
  const advice = last.kind === "page_error" ? pageErrorOf(last) : advices[last.result as ResultCode];
  return { id, entries, ...(advice && { advice }) };
}

/** Newest first. */
async function rowsOf(deps: Deps, id: string) {
  if (id.startsWith("usr_")) return await listRecords(deps.db, { userId: id, limit: ofPerson });
  if (id.startsWith("cor_")) return await listRecords(deps.db, { correlationId: id, limit: ofRequest });
  const session = id.startsWith("ses_") ? await findSessionOwner(deps.db, id) : undefined;
  if (session) {
    const { userId, createdAt } = session;
    return await listRecords(deps.db, { userId, since: createdAt - signInMs, limit: ofPerson });
  }
  const record = await findMention(deps.db, id);
  if (!record) return [];
  const { correlationId } = record;
  return correlationId === null ? [record] : await listRecords(deps.db, { correlationId, limit: ofRequest });
}

const inWords = (code: string) => code.toLowerCase().replaceAll("_", " ");
const begun = (sentence: string) => sentence.charAt(0).toUpperCase() + sentence.slice(1);

/** What the catalogue of error pages says about one. */
function pageErrorOf({ detail }: LogRecord) {
  const { name } = JSON.parse(detail ?? "{}") as { name?: PageErrorName };
  return name && pageErrors[name];
}

function pageErrorSentence({ detail, username, userId }: LogRecord): string {
  const { error, name = "", place } = JSON.parse(detail ?? "{}") as Record<string, string>;
  return `${username ?? userId ?? "Somebody"} was shown the error page ${error} (${inWords(name)}) at ${place}, before anything was decided.`;
}

function sentenceOf(record: LogRecord): string {
  if (record.kind === "page_error") return pageErrorSentence(record);
  return record.kind === "authentication" ? signInSentence(record) : changeSentence(record);
}

function signInSentence(record: LogRecord): string {
  const { username, userId, method, result, authenticated } = record;
  const meaning = (results as Record<string, Result>)[result]?.meaning ?? inWords(result);
  const how = method === null ? "" : ` (${method})`;
  const end = authenticated ? " Let in." : result.startsWith("FAILED_") ? " Refused." : "";
  return `${username ?? userId ?? "somebody"} ${placeOf(record)}: ${meaning}${how}.${end}`;
}

function placeOf({ personal, application, applicationId, protocol }: LogRecord): string {
  const ip = personal?.["clientIp"];
  const parts = [`at ${application ?? applicationId}`, ip && `from ${ip}`, protocol && `over ${protocol}`];
  return parts.filter(Boolean).join(" ");
}

const actors: Record<string, string> = {
  cli: "an administrator at the command line",
  system: "the system",
  key: "the integration",
  person: "the person",
};

function changeSentence({ actor, result, detail, username, userId }: LogRecord): string {
  const [kind = "", who] = actor === `person:${userId}` ? ["person"] : (actor?.split(":") ?? []);
  const by = actor === null ? "" : `, by ${[actors[kind] ?? kind, who].filter(Boolean).join(" ")}`;
  const about = username === null ? "" : `: ${username}`;
  return `${begun(inWords(result))}${about}${by}.${detail === null ? "" : ` ${detail}`}`;
}
