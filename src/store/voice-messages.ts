/** An organisation's own words and recordings on calls: one for a type, a language, and an application or all of them (''). */

import type { Db, Run } from "./open.ts";

export type MessageKey = { type: string; language: string; application: string };
type Recording = { type: string; ms: number; key: string; fileName: string };
export type VoiceMessageRow = MessageKey & { words: string | null; recording: Recording | undefined };

const columns = [
  "type",
  "language",
  "application",
  "words",
  "audio_type",
  "audio_ms",
  "audio_key",
  "file_name",
] as const;

/** Those of one language, or all. */
export async function listVoiceMessages(db: Db, language?: string): Promise<VoiceMessageRow[]> {
  let query = db.q.selectFrom("voice_message").select(columns);
  if (language !== undefined) query = query.where("language", "=", language);
  const rows = await query.orderBy("type").orderBy("language").orderBy("application").execute();
  return rows.map(({ audio_type, audio_ms, audio_key, file_name, ...row }) => ({
    ...row,
    recording:
      audio_key === null ? undefined : { type: audio_type!, ms: audio_ms!, key: audio_key, fileName: file_name! },
  }));
}

export type NewVoiceMessage = MessageKey & {
  id: string;
  at: number;
  said: { words: string } | (Recording & { audio: Uint8Array });
};

/** In the place of what was said before. */
export async function saveVoiceMessage(run: Run, message: NewVoiceMessage): Promise<void> {
  const { id, type, language, application, at, said } = message;
  const values =
    "words" in said
      ? [said.words, null, null, null, null, null]
      : [null, said.audio, said.type, said.ms, said.key, said.fileName];
  await run(
    `insert into voice_message
       (id, type, language, application, words, audio, audio_type, audio_ms, audio_key, file_name, changed_at)
     values (?, ?, ?, ?, ?, ?, ?, cast(? as bigint), ?, ?, cast(? as bigint))
     on conflict (type, language, application) do update set words = excluded.words, audio = excluded.audio,
       audio_type = excluded.audio_type, audio_ms = excluded.audio_ms, audio_key = excluded.audio_key,
       file_name = excluded.file_name, changed_at = excluded.changed_at`,
    [id, type, language, application, ...values, at],
  );
}

export async function deleteVoiceMessage(run: Run, { type, language, application }: MessageKey): Promise<boolean> {
  const gone = await run("delete from voice_message where type = ? and language = ? and application = ? returning id", [
    type,
    language,
    application,
  ]);
  return gone.length > 0;
}

export async function readAudioOf(db: Db, key: string): Promise<{ type: string; audio: Uint8Array } | undefined> {
  const row = await db.q
    .selectFrom("voice_message")
    .select(["audio", "audio_type"])
    .where("audio_key", "=", key)
    .executeTakeFirst();
  return row?.audio ? { type: row.audio_type!, audio: row.audio } : undefined;
}
