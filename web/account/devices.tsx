// Where somebody is signed in, and which browsers need no second step.
import { Button } from "@mantine/core";
import type { OwnDevice, OwnSession } from "../../sdk/src/account.ts";
import styles from "./account.module.css";
import { browserName } from "../parts/browser-name.ts";
import { Dangerous, Moment, Section } from "./parts.tsx";
import { Shown } from "./shown.tsx";
import { useAccount, useDevices, useSessions } from "./use-account.tsx";
import { exactTime } from "../parts/language.ts";
import type { Say } from "./words.ts";

function nameOf(say: Say, userAgent: string | null): string {
  const named = browserName(userAgent);
  return named ? say("browser.on", named) : say("browser.unknown");
}

function SessionCard({ session }: { session: OwnSession }) {
  const { say, change, busy } = useAccount();
  const { id, current, clientIp, userAgent, createdAt, seenAt } = session;
  const name = nameOf(say, userAgent);
  return (
    <li className={styles.card}>
      <h3>{name}</h3>
      {current && (
        <p className={styles.marks}>
          <span className={styles.fine}>{say("devices.this")}</span>
        </p>
      )}
      <p className={styles.soft}>
        <Moment word="devices.since" at={createdAt} />
        {clientIp !== null && ` ${say("history.from", { address: clientIp })}`}
        {", "}
        <Moment word="devices.seen" at={seenAt} />
      </p>
      {!current && (
        <div className={styles.actions}>
          <Button
            variant="default"
            disabled={busy}
            onClick={() => void change("endSession", id)}
            aria-label={`${say("devices.end")}: ${name}`}
          >
            {say("devices.end")}
          </Button>
        </div>
      )}
    </li>
  );
}

function Sessions({ sessions }: { sessions: OwnSession[] }) {
  const { say, change } = useAccount();
  return (
    <>
      <ul className={styles.cards}>
        {sessions.map((session) => (
          <SessionCard key={session.id} session={session} />
        ))}
      </ul>
      {sessions.length > 1 ? (
        <Dangerous
          key={sessions.length}
          label={say("devices.endAll")}
          what={say("devices.endAll.what")}
          act={say("devices.endAll")}
          onAct={() => change("endOtherSessions")}
        />
      ) : (
        <p>{say("devices.only")}</p>
      )}
    </>
  );
}

function Remembered({ devices }: { devices: OwnDevice[] }) {
  const { say, change, busy, language } = useAccount();
  if (devices.length === 0) return <p>{say("devices.remembered.none")}</p>;
  return (
    <>
      <ul className={styles.cards}>
        {devices.map(({ id, userAgent, usedAt, expiresAt }) => (
          <li key={id} className={styles.card}>
            <h3>{nameOf(say, userAgent)}</h3>
            <p className={styles.soft}>
              <Moment word="method.used" at={usedAt} />
              {", "}
              {say("devices.until", { time: exactTime(expiresAt, language) })}
            </p>
            <div className={styles.actions}>
              <Button
                variant="default"
                disabled={busy}
                onClick={() => void change("forgetDevice", id)}
                aria-label={`${say("devices.forget")}: ${nameOf(say, userAgent)}`}
              >
                {say("devices.forget")}
              </Button>
            </div>
          </li>
        ))}
      </ul>
      {devices.length > 1 && (
        <Button variant="default" disabled={busy} onClick={() => void change("forgetDevices")}>
          {say("devices.forgetAll")}
        </Button>
      )}
    </>
  );
}

export function Devices() {
  const { say } = useAccount();
  const [sessions, devices] = [useSessions(), useDevices()];
  return (
    <>
      <h1 className={styles.title}>{say("nav.devices")}</h1>
      <Section title={say("devices.sessions")}>
        <Shown query={sessions}>{(all) => <Sessions sessions={all} />}</Shown>
      </Section>
      <Section title={say("devices.remembered")}>
        <p className={styles.soft}>{say("devices.remembered.about")}</p>
        <Shown query={devices}>{(all) => <Remembered devices={all} />}</Shown>
      </Section>
    </>
  );
}
