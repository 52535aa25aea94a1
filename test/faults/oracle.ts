// Holds a database against what was witnessed outside: whatever fault came, some things are never so. Written against the
// tables and bench/people.ts, sharing no code with the server. Its people have one app each and no login before the test.
//   I1 a person's code of one step was accepted once at most        I2 no counter and no chain ever went back
//   I3 every Accept that was seen has its record, and every record its raised counter
//   I5 a wrong code that was answered has cost its attempt           I8 the log verifies
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { userName } from "../../bench/people.ts";
import type { Node } from "./node.ts";
import type { Seen, Witness } from "./witness.ts";

type Row = Record<string, unknown>;
export type Query = (text: string) => Promise<Row[]>;

/** The node's database, whether or not the node runs. */
export function queryOf({ data, env }: Node): Query {
  const url = env["COUNTERSIGN_DATABASE_URL"];
  return url === undefined ? querySqlite(join(data, "countersign.db")) : queryPostgres(url);
}

function querySqlite(file: string): Query {
  return async (text) => {
    // opened anew each time: a file that stays open would keep the server from ending its write-ahead log
    const database = new DatabaseSync(file, { timeout: 5000 });
    try {
      return database.prepare(text).all();
    } finally {
      database.close();
    }
  };
}

function queryPostgres(url: string): Query {
  return async (text) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  };
}

export type Person = {
  username: string;
  counter: number;
  fails: number;
  used: boolean;
  granted: number;
  wrong: number;
};
export type Oracle = { violations: (witness: Witness) => Promise<string[]> };

/** Remembers what it saw, so that its next look sees what went back. The node runs while it looks. */
export function oracleOf(node: Node): Oracle {
  const query = queryOf(node);
  const before = new Map<string, number>();
  const rises = (what: string, value: number) => {
    const known = before.get(what) ?? 0;
    before.set(what, Math.max(known, value));
    return value < known ? [`I2: ${what} went from ${known} back to ${value}`] : [];
  };
  return {
    violations: async (witness) => {
      const people = await readPeople(query);
      const heads = await query("select id, seq from node");
      const seen = Map.groupBy(witness.read(), ({ user }) => userName(user));
      const log = await node.tell<{ ok: boolean; sentence: string }>("log verify");
      return [
        ...[...people.values()].flatMap((person) => aboutPerson(person, seen.get(person.username) ?? [])),
        ...[...seen.keys()].flatMap((name) => (people.has(name) ? [] : [`I3: ${name} is gone`])),
        ...[...people.values()].flatMap((person) => rises(`the counter of ${person.username}`, person.counter)),
        ...heads.flatMap((head) => rises(`the log of ${String(head["id"])}`, Number(head["seq"]))),
        ...(log.ok ? [] : [`I8: ${log.sentence}`]),
      ];
    },
  };
}

function aboutPerson({ username, counter, fails, used, granted, wrong }: Person, seen: Seen[]): string[] {
  const accepted = seen.filter(({ answer }) => answer === "accept").map(({ step }) => step);
  const asked = new Set(seen.map(({ step }) => step)).size;
  const newest = Math.max(0, ...accepted);
  const told = (rule: string, is: boolean) => (is ? [`${rule} (${username})`] : []);
  return [
    ...told("I1: one step's code was accepted twice", new Set(accepted).size < accepted.length),
    ...told(`I1: ${granted} grants are recorded for ${asked} different codes`, granted > asked),
    ...told(`I2: the counter ${counter} is below the accepted ${newest}`, counter < newest),
    ...told(`I3: ${accepted.length} Accepts were seen, ${granted} recorded`, granted < accepted.length),
    ...told("I3: a counter was raised without a record, or the other way", granted > 0 !== counter > 0),
    ...told("I3: a record without its use of the method, or the other way", granted > 0 !== used),
    ...told(`I5: ${wrong} wrong codes were answered, ${fails} counted`, fails < wrong),
  ];
}

/** `granted` and `wrong`: authentication records, the wrong ones since the last grant. */
async function readPeople(query: Query): Promise<Map<string, Person>> {
  const rows = await query(
    `select p.username, f.counter, f.fails, f.last_used_at,
       coalesce(g.granted, 0) as granted, coalesce(w.wrong, 0) as wrong
     from person p join factor f on f.user_id = p.id and f.method = 'totp'
     left join (select user_id, count(*) as granted, max(at) as last from log
       where kind = 'authentication' and authenticated = 1 group by user_id) g on g.user_id = p.id
     left join (select l.user_id, count(*) as wrong from log l
       where l.result = 'FAILED_OATH_CODE_INCORRECT' and not exists (select 1 from log o
         where o.user_id = l.user_id and o.authenticated = 1 and o.at >= l.at) group by l.user_id) w on w.user_id = p.id`,
  );
  return new Map(
    rows.map((row) => [
      String(row["username"]),
      {
        username: String(row["username"]),
        counter: Number(row["counter"]),
        fails: Number(row["fails"]),
        used: row["last_used_at"] !== null,
        granted: Number(row["granted"]),
        wrong: Number(row["wrong"]),
      },
    ]),
  );
}
