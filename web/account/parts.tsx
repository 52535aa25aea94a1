// Small pieces that several sections use.
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ReactNode } from "react";
import { exactTime, timeInWords } from "../parts/language.ts";
import styles from "./account.module.css";
import { useAccount } from "./use-account.tsx";
import type { Word } from "./words.ts";

/** A sentence with a time in words; the exact one on hover. */
export function Moment({ word, at }: { word?: Word; at: number }) {
  const { say, language } = useAccount();
  const [now] = useState(() => Date.now());
  const time = timeInWords(at, Math.max(at, now), language);
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at, language)}>
      {word === undefined ? time : say(word, { time })}
    </time>
  );
}

/** What was asked for has the focus; a constant, so that it gets it once. */
export const focus = (element: HTMLElement | null): void => element?.focus();

type Dangerous = {
  label: string;
  /** tells screen readers which of several */
  of?: string;
  /** what will stop working */
  what: string;
  act: string;
  onAct: () => Promise<unknown>;
};

/** A button that first says what will stop working. */
export function Dangerous({ label, of, what, act, onAct }: Dangerous) {
  const { say, busy } = useAccount();
  const [asking, setAsking] = useState(false);
  if (!asking)
    return (
      <Button
        variant="default"
        onClick={() => setAsking(true)}
        aria-label={of === undefined ? label : `${label}: ${of}`}
      >
        {label}
      </Button>
    );
  return (
    <div className={styles.asking}>
      <p>{what}</p>
      <div className={styles.actions}>
        <Button variant="default" className={styles.danger!} disabled={busy} onClick={() => void onAct()} ref={focus}>
          {act}
        </Button>
        <Button variant="default" onClick={() => setAsking(false)}>
          {say("method.cancel")}
        </Button>
      </div>
    </div>
  );
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.section}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
