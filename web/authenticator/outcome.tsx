// What came of an answer, and what the person does next.
import { Button } from "@mantine/core";
import styles from "./authenticator.module.css";
import type { Decided } from "./decide.ts";
import { focus, Support } from "./parts.tsx";
import { useApp } from "./use-app.tsx";
import type { Word } from "./words.ts";

type Shown = "approved" | "denied" | "wrong_number" | "wrong_number_or_pin" | "over" | "reported" | "blocked";

const marks: Record<Shown, { path: string; style: string }> = {
  approved: { path: "M6 17L13 24L26 9", style: styles.done! },
  denied: { path: "M8 8L24 24M24 8L8 24", style: styles.neutral! },
  wrong_number: { path: "M8 8L24 24M24 8L8 24", style: styles.bad! },
  wrong_number_or_pin: { path: "M8 8L24 24M24 8L8 24", style: styles.bad! },
  over: { path: "M16 8V17L22 20", style: styles.neutral! },
  reported: { path: "M16 7V18M16 24V25", style: styles.attention! },
  blocked: { path: "M16 7V18M16 24V25", style: styles.attention! },
};

function shownOf({ result, blocked }: Decided): Shown {
  if (result === "reported") return blocked ? "blocked" : "reported";
  return Object.hasOwn(marks, result) ? (result as Shown) : "over";
}

export function Outcome({ decided, onDone }: { decided: Decided; onDone: () => void }) {
  const { say } = useApp();
  const shown = shownOf(decided);
  const { path, style } = marks[shown];
  const [title, next]: Word[] = [`outcome.${shown}`, `outcome.${shown}.next`];
  return (
    <section className={styles.outcome}>
      <svg viewBox="0 0 32 32" className={style} aria-hidden="true">
        <path d={path} />
      </svg>
      <h1 aria-live="polite">{say(title!)}</h1>
      <p>{say(next!)}</p>
      {shown === "blocked" && <Support />}
      <Button size="lg" onClick={onDone} ref={focus}>
        {say("done")}
      </Button>
    </section>
  );
}
