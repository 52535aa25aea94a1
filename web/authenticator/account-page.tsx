// One account: what this device is called, its lock, and its removal here and at the server.
import { Button, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import type { SyntheticEvent } from "react";
import { exactTime, timeInWords } from "../parts/language.ts";
import styles from "./authenticator.module.css";
import { ask, DeviceProblem } from "./device.ts";
import { nameOf } from "./home.tsx";
import { changeAccount, removeAccount, type Account } from "./keep.ts";
import { focus, Problem } from "./parts.tsx";
import { turnOn } from "./subscription.ts";
import { useApp, useMoment } from "./use-app.tsx";
import { bindLock, canUnlock } from "./unlock.ts";
import { wordFor, type Word } from "./words.ts";

type Doing = { busy: boolean; problem: Word | undefined; run: (work: () => Promise<void>) => void };

function useDoing(): Doing {
  const { refresh } = useApp();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Word>();
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DeviceProblem)) throw error;
      setProblem(wordFor("problem", error.code));
    }
    setBusy(false);
    await refresh();
  };
  return { busy, problem, run: (work) => void run(work) };
}

function Name({ account, doing: { busy, run } }: { account: Account; doing: Doing }) {
  const { say } = useApp();
  const [name, setName] = useState(account.deviceName);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    run(async () => {
      await ask(account, { method: "POST", path: "/name", body: { name: name.trim() } });
      await changeAccount(account.deviceId, { deviceName: name.trim() });
    });
  };
  const same = name.trim() === "" || name.trim() === account.deviceName;
  return (
    <form className={styles.form} onSubmit={submit}>
      <TextInput
        label={say("device.name")}
        description={say("device.name.about")}
        value={name}
        maxLength={64}
        onChange={(event) => setName(event.currentTarget.value)}
        classNames={{ input: styles.input!, description: styles.about! }}
      />
      <Button type="submit" variant="default" disabled={same || busy}>
        {say("save")}
      </Button>
    </form>
  );
}

/** Where the organisation wants it and the device has a lock. */
function Lock({ account, doing: { busy, run } }: { account: Account; doing: Doing }) {
  const { say } = useApp();
  const [can, setCan] = useState(false);
  useEffect(() => void canUnlock().then(setCan), []);
  if (account.unlockId !== undefined) return <p>{say("lock.bound")}</p>;
  if (!can || account.localUnlock === "off") return null;
  return (
    <div className={styles.form}>
      <p>{say(account.localUnlock === "required" ? "lock.required" : "lock.about")}</p>
      <Button variant="default" disabled={busy} onClick={() => run(async () => void (await bindLock(account)))}>
        {say("lock")}
      </Button>
    </div>
  );
}

function Removal({ account, doing: { busy, run } }: { account: Account; doing: Doing }) {
  const { say } = useApp();
  const [asking, setAsking] = useState(false);
  const [alone, setAlone] = useState(false);
  const remove = (server: boolean) =>
    run(async () => {
      if (server)
        await ask(account, { method: "DELETE", path: "/" }).catch((error: unknown) => {
          // gone there already is as good
          if (error instanceof DeviceProblem && error.code === "device_not_activated") return;
          setAlone(true);
          throw error;
        });
      await removeAccount(account.deviceId);
      location.hash = "#home";
    });
  if (!asking)
    return (
      <Button variant="default" className={styles.danger!} onClick={() => setAsking(true)}>
        {say("remove")}
      </Button>
    );
  return (
    <div className={styles.asking}>
      <p>{say(alone ? "remove.alone" : "remove.what")}</p>
      <Button variant="default" className={styles.danger!} disabled={busy} onClick={() => remove(!alone)} ref={focus}>
        {say(alone ? "remove.alone.do" : "remove.do")}
      </Button>
      <Button variant="default" onClick={() => setAsking(false)}>
        {say("back")}
      </Button>
    </div>
  );
}

async function turnOnOrSay(account: Account): Promise<void> {
  if (!(await turnOn(account))) throw new DeviceProblem("noPush");
}

export function AccountPage({ account }: { account: Account }) {
  const { say, language } = useApp();
  const doing = useDoing();
  const moment = useMoment();
  const { username, addedAt, channel } = account;
  return (
    <section className={styles.request}>
      <p>
        <a href="#home">{say("back.home")}</a>
      </p>
      <h1>{account.accountName}</h1>
      <dl className={styles.context}>
        <dt>{say("account.who")}</dt>
        <dd>
          {nameOf(account)} ({username})
        </dd>
        <dt>{say("account.added")}</dt>
        <dd>
          <time dateTime={new Date(addedAt).toISOString()} title={exactTime(addedAt, language)}>
            {timeInWords(addedAt, Math.max(moment, addedAt), language)}
          </time>
        </dd>
        <dt>{say("account.told")}</dt>
        <dd>{say(channel === "push" ? "account.push" : "account.noPush")}</dd>
      </dl>
      {channel === "stream" && (
        <Button variant="default" disabled={doing.busy} onClick={() => doing.run(() => turnOnOrSay(account))}>
          {say("account.turnOn")}
        </Button>
      )}
      <Name account={account} doing={doing} />
      <Lock account={account} doing={doing} />
      <Removal account={account} doing={doing} />
      {doing.problem && <Problem>{say(doing.problem)}</Problem>}
    </section>
  );
}
