// A device whose set-up was left in the middle: it goes on by itself, and again when its person says so.
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { resume } from "./activate.ts";
import styles from "./authenticator.module.css";
import type { Account } from "./keep.ts";
import { useApp } from "./use-app.tsx";
import { wordFor, type Word } from "./words.ts";

type Trying = { time: number; problem?: Word };

export function Proving({ account: { deviceId } }: { account: Account }) {
  const { say, refresh } = useApp();
  const [{ time, problem }, setTrying] = useState<Trying>({ time: 1 });
  useEffect(() => {
    let current = true;
    const go = async () => {
      // where the server says that it is over, the account is gone
      const code = await resume(deviceId).catch(() => undefined);
      if (code !== undefined && current) setTrying({ time, problem: wordFor("problem", code) });
      await refresh();
    };
    void go();
    return () => void (current = false);
  }, [deviceId, time, refresh]);
  if (!problem) return <p className={styles.note}>{say("account.proving")}</p>;
  return (
    <div className={styles.asking}>
      <h3>{say("account.unfinished")}</h3>
      <p role="alert">{say(problem)}</p>
      <Button onClick={() => setTrying({ time: time + 1 })}>{say("again")}</Button>
    </div>
  );
}
