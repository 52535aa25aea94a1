/**
 * What was answered to whom, for clients that repeat themselves (R-120…R-122): an answered packet gets the same bytes, one
 * that is under way gets silence. One entry a source port and Identifier; a new Authenticator takes its place.
 */

export type Repeats = {
  find(peer: string, authenticator: string): "new" | "pending" | Buffer;
  start(peer: string, authenticator: string): void;
  /** Says whether the answer is still wanted: a newer request may have taken its place. */
  finish(peer: string, authenticator: string, reply: Buffer): boolean;
  /** Nothing will be answered: the next repetition is tried again. */
  forget(peer: string, authenticator: string): void;
  /** To be called every 30 s: what is older than two calls and not under way goes. */
  age(): void;
};

/** `reply`: one octet a character, since a short Buffer is a view of a larger memory, and keeps all of that. */
type Entry = { authenticator: string; reply: string | undefined };

export function repeats(): Repeats {
  let young = new Map<string, Entry>();
  let old = new Map<string, Entry>();
  const entryOf = (peer: string, authenticator: string) => {
    const entry = young.get(peer) ?? old.get(peer);
    return entry?.authenticator === authenticator ? entry : undefined;
  };
  return {
    find(peer, authenticator) {
      const entry = entryOf(peer, authenticator);
      if (!entry) return "new";
      return entry.reply === undefined ? "pending" : Buffer.from(entry.reply, "latin1");
    },
    start(peer, authenticator) {
      old.delete(peer);
      young.set(peer, { authenticator, reply: undefined });
    },
    finish(peer, authenticator, reply) {
      const entry = entryOf(peer, authenticator);
      if (!entry || entry.reply) return false;
      entry.reply = reply.toString("latin1");
      return true;
    },
    forget(peer, authenticator) {
      if (!entryOf(peer, authenticator)) return;
      young.delete(peer);
      old.delete(peer);
    },
    age() {
      for (const [peer, entry] of old) if (!entry.reply) young.set(peer, entry);
      old = young;
      young = new Map();
    },
  };
}
