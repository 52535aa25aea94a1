// The peer that the RADIUS bench is measured against: FreeRADIUS 3.2 with rlm_sql_sqlite and rlm_totp, the same people
// and seeds, each result logged. Same promise as ours: SQLite in WAL mode, synchronous FULL (its default), one commit
// before each answer. What it does not do: refuse a code the second time, count attempts, seal the seeds.
// Two of them. `packaged` is what its packages' files make of it: up to 32 threads and eight connections. SQLite has one
// writer, so under load connections run out, and then it refuses right codes, a second later. `tuned` is the best that was
// found: one thread and one connection (of 1, 2, 3, 4, 5, 8, 16 and 32 of both: 3,400/s on two shared cores with 64 in flight;
// 32 gave 2,300/s and a p99 of 200 ms).
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fixed, type Freeradius, startFreeradius } from "../../test/peers/support/freeradius.ts";
import { tempFolder } from "../../test/support/process.ts";
import { seedBase32, userName } from "../people.ts";

const setUps = {
  packaged: {
    threads: { start: 5, max: 32, minSpare: 3, maxSpare: 10 },
    rejectDelay: 1,
    connections: { start: 2, max: 8, spare: 1, retryDelay: 30 },
  },
  tuned: { threads: fixed(1), rejectDelay: 0, connections: { start: 1, max: 1, spare: 0, retryDelay: 1 } },
};
type Connections = (typeof setUps)["packaged"]["connections"];

export function startFreeradiusTotp(
  setUp: keyof typeof setUps,
  people: number,
  clientSecret: string,
): Promise<Freeradius> {
  const folder = tempFolder("freeradius-totp");
  const file = join(folder, "radius.db");
  fillDatabase(file, people);
  const { connections, ...more } = setUps[setUp];
  return startFreeradius(sections(file, connections), clientSecret, { folder, ...more });
}

/** The tables that the queries below touch, as in the schema that FreeRADIUS comes with. */
function fillDatabase(file: string, people: number): void {
  const db = new DatabaseSync(file);
  db.exec(`pragma journal_mode = wal;
    create table radcheck (id integer primary key autoincrement, username varchar(64) not null, attribute varchar(64) not null,
      op char(2) not null, value varchar(253) not null);
    create index check_username on radcheck(username);
    create table radreply (id integer primary key autoincrement, username varchar(64) not null, attribute varchar(64) not null,
      op char(2) not null, value varchar(253) not null);
    create index reply_username on radreply(username);
    create table radpostauth (id integer primary key autoincrement, username varchar(64) not null, pass varchar(64) not null,
      reply varchar(32) not null, authdate timestamp not null, class varchar(64));
    create index radpostauth_username on radpostauth(username);
    create index radpostauth_class on radpostauth(class);
    begin`);
  const insert = db.prepare("insert into radcheck(username, attribute, op, value) values (?, 'TOTP-Secret', ':=', ?)");
  for (let index = 0; index < people; index++) insert.run(userName(index), seedBase32(index));
  db.exec("commit");
  db.close();
}

const select = (table: string) =>
  `SELECT id, username, attribute, value, op FROM ${table} WHERE username = '%{SQL-User-Name}' ORDER BY id`;

const sections = (file: string, { start, max, spare, retryDelay }: Connections) => `
modules {
  totp {
  }
  sql {
    dialect = "sqlite"
    driver = "rlm_sql_sqlite"
    sqlite {
      filename = "${file}"
      busy_timeout = 2000
    }
    read_groups = no
    read_profiles = no
    sql_user_name = "%{User-Name}"
    authorize_check_query = "${select("radcheck")}"
    authorize_reply_query = "${select("radreply")}"
    post-auth {
      query = "INSERT INTO radpostauth (username, pass, reply, authdate) VALUES ('%{SQL-User-Name}', '%{User-Password}', '%{reply:Packet-Type}', '%S')"
    }
    pool {
      start = ${start}
      min = 1
      max = ${max}
      spare = ${spare}
      uses = 0
      retry_delay = ${retryDelay}
      lifetime = 0
      idle_timeout = 60
    }
  }
}
server main {
  authorize {
    sql
    update request {
      &TOTP-Password := "%{User-Password}"
    }
    update control {
      &Auth-Type := totp
    }
  }
  authenticate {
    Auth-Type totp {
      totp
    }
  }
  post-auth {
    sql
    Post-Auth-Type REJECT {
      sql
    }
  }
}
`;
