// The first screen when nothing waits for an answer: the accounts with their codes.
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { durationInWords } from "../parts/language.ts";
import styles from "./authenticator.module.css";
import { leftOf } from "./clock.ts";
import { codeAt, halves, type CodeKey } from "./code.ts";
import { InstallOffer } from "./install.tsx";
import type { Account } from "./keep.ts";
import { Support } from "./parts.tsx";
import { Proving } from "./proving.tsx";
import { Repair } from "./repair.tsx";
import { type Asked, useApp, useMoment } from "./use-app.tsx";

/** The code of this moment; undefined for the instant that it takes to make it. */
function useCode(key: CodeKey, moment: number): string | undefined {
  const [code, setCode] = useState<string>();
  const step = Math.floor(moment / 1000 / key.period);
  useEffect(() => {
    let current = true;
    void codeAt(key, step * 1000 * key.period).then((made) => current && setCode(made));
    return () => void (current = false);
  }, [key, step]);
  return code;
}

const round = 2 * Math.PI * 14;

function Ring({ left }: { left: number }) {
  return (
    <svg viewBox="0 0 32 32" className={styles.ring} aria-hidden="true">
      <circle cx="16" cy="16" r="14" className={styles.track} />
      <circle cx="16" cy="16" r="14" strokeDasharray={round} strokeDashoffset={round * (1 - left)} />
    </svg>
  );
}

/** Pressed, it is copied; a screen reader reads its digits one by one. */
function Code({ account }: { account: Account }) {
  const { say } = useApp();
  const moment = useMoment();
  const code = useCode(account.code, moment) ?? "";
  const [copiedAt, setCopiedAt] = useState(0);
  const copied = moment - copiedAt < 3000;
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    setCopiedAt(moment);
  };
  const [first, second] = halves(code);
  return (
    <button type="button" className={styles.code} onClick={() => void copy()}>
      <span className={styles.unseen}>{say("code.digits", { code: code.split("").join(" ") })}</span>
      <span className={styles.digitsShown} aria-hidden="true">
        <span>{first}</span>
        <span>{second}</span>
      </span>
      <Ring left={leftOf(moment, account.code.period)} />
      <span className={styles.hint} aria-live="polite">
        {say(copied ? "code.copied" : "code.press")}
      </span>
    </button>
  );
}

export const nameOf = ({ displayName, username }: Account): string => displayName ?? username;

const Blocked = () => (
  <div className={styles.note}>
    <p>{useApp().say("account.blocked")}</p>
    <Support />
  </div>
);

/** A code is shown only where it counts. */
function AccountCard({ account }: { account: Account }) {
  const { say } = useApp();
  const { deviceId, state, channel, accountName } = account;
  return (
    <li className={styles.card}>
      <header className={styles.whose}>
        <div>
          <h2>{accountName}</h2>
          <p className={styles.soft}>{nameOf(account)}</p>
        </div>
        <a href={`#account=${deviceId}`} aria-label={`${say("manage")}: ${accountName}, ${nameOf(account)}`}>
          {say("manage")}
        </a>
      </header>
      {state === "unknown" && <Repair account={account} />}
      {state === "proving" && <Proving account={account} />}
      {state === "blocked" && <Blocked />}
      {state === "active" && <Code account={account} />}
      {state === "active" && channel === "stream" && <p className={styles.soft}>{say("account.noPush")}</p>}
    </li>
  );
}

function Empty() {
  const { say } = useApp();
  return (
    <section className={styles.empty}>
      <h1>{say("empty")}</h1>
      <p>{say("empty.about")}</p>
      <ol>
        <li>{say("empty.first")}</li>
        <li>{say("empty.second")}</li>
        <li>{say("empty.third")}</li>
      </ol>
      <a className={styles.button} href="#add">
        {say("add.typed")}
      </a>
      <a href="/account">{say("portal")}</a>
    </section>
  );
}

/** A clock that is less wrong than this is nobody's worry. */
const noticedMs = 30_000;

type Props = { later: readonly Asked[]; onOpen: (asked: Asked) => void };

export function Home({ later, onOpen }: Props) {
  const { say, language, accounts = [], offline, offsetMs, busy, refresh } = useApp();
  if (accounts.length === 0) return <Empty />;
  const wrongMs = Math.abs(offsetMs);
  const quiet = later.length === 0 ? say("nothing") : "";
  return (
    <>
      <h1 className={styles.unseen}>{say("title")}</h1>
      {later.map((asked) => (
        <button key={asked.request.id} type="button" className={styles.waiting} onClick={() => onOpen(asked)}>
          <strong>{say("waiting")}</strong>
          <span>{asked.request.application}</span>
        </button>
      ))}
      <ul className={styles.cards}>
        {accounts.map((account) => (
          <AccountCard key={account.deviceId} account={account} />
        ))}
      </ul>
      <div className={styles.look}>
        <p aria-live="polite">{offline ? say("offline") : quiet}</p>
        <Button variant="default" disabled={busy} onClick={() => void refresh()}>
          {say("refresh")}
        </Button>
      </div>
      {wrongMs > noticedMs && (
        <p className={styles.note}>{say("clock", { time: durationInWords(wrongMs, language) })}</p>
      )}
      <InstallOffer />
      <p>
        <a href="#add">{say("add.another")}</a>
      </p>
    </>
  );
}
