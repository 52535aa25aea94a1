// One request: what for, from where, when; and the answer. Must stay true: the number is typed and never picked, Approve
// is there only when it is whole, and "no" and "this wasn't me" are there all the time.
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ReactNode, SyntheticEvent } from "react";
import { durationInWords, exactTime, timeInWords } from "../parts/language.ts";
import styles from "./authenticator.module.css";
import { decide, type Answer, type Decided } from "./decide.ts";
import { DeviceProblem } from "./device.ts";
import { DigitsField } from "./digits-field.tsx";
import { focus, Problem } from "./parts.tsx";
import { Outcome } from "./outcome.tsx";
import { type Asked, useApp, useMoment } from "./use-app.tsx";
import { wordFor } from "./words.ts";

function Context({ asked: { account, request } }: { asked: Asked }) {
  const { say, language } = useApp();
  const moment = useMoment();
  const place = [request.place, request.address].filter(Boolean).join(", ") || say("request.place.unknown");
  return (
    <dl className={styles.context}>
      <dt>{say("request.application")}</dt>
      <dd className={styles.application}>
        <bdi>{request.application}</bdi>
      </dd>
      <dt>{say("request.place")}</dt>
      <dd>
        <bdi>{place}</bdi>
      </dd>
      <dt>{say("request.time")}</dt>
      <dd>
        <time dateTime={new Date(request.at).toISOString()} title={exactTime(request.at, language)}>
          {timeInWords(request.at, Math.max(moment, request.at), language)}
        </time>
      </dd>
      <dt>{say("request.user")}</dt>
      <dd>
        <bdi>
          {request.user}, {account.accountName}
        </bdi>
      </dd>
    </dl>
  );
}

type NewPinFields = {
  value: string;
  repeated: string;
  onChange: (pin: string) => void;
  onRepeat: (pin: string) => void;
};

function NewPin({ value, repeated, onChange, onRepeat }: NewPinFields) {
  const { say } = useApp();
  return (
    <>
      <p>{say("pin.rules")}</p>
      <DigitsField label={say("pin.next")} value={value} secret onChange={onChange} />
      <DigitsField label={say("pin.repeat")} value={repeated} secret onChange={onRepeat} />
      {repeated.length >= value.length && repeated !== value && <Problem>{say("pin.differ")}</Problem>}
    </>
  );
}

type Form = { asked: Asked; busy: boolean; change: boolean; onAnswer: (answer: Answer) => void; children: ReactNode };

/** What has to be typed before Approve is there. */
function AnswerForm({ asked: { request }, busy, change, onAnswer, children }: Form) {
  const { say } = useApp();
  const [number, setNumber] = useState("");
  const [pin, setPin] = useState("");
  const [newPin, setNewPin] = useState("");
  const [repeated, setRepeated] = useState("");
  const { mode, digits } = request;
  const hasNumber = mode.startsWith("number");
  const hasPin = mode.endsWith("pin");
  const typed = (!hasNumber || number.length === digits) && (!hasPin || pin.length >= 4);
  const whole = typed && (!change || (newPin.length >= 4 && repeated === newPin));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!whole || busy) return;
    const secrets = hasPin ? { pin, ...(change && { newPin }) } : {};
    onAnswer({ decision: "approve", ...(hasNumber && { number }), ...secrets });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {hasNumber && (
        <DigitsField label={say("request.number")} value={number} length={digits} onChange={setNumber} first />
      )}
      {hasPin && <DigitsField label={say("request.pin")} value={pin} secret onChange={setPin} first={!hasNumber} />}
      {change && <NewPin value={newPin} repeated={repeated} onChange={setNewPin} onRepeat={setRepeated} />}
      {children}
      <Button type="submit" size="lg" disabled={!whole || busy}>
        {say("request.approve")}
      </Button>
    </form>
  );
}

type Report = { busy: boolean; blocks: boolean; onReport: () => void; onBack: () => void };

function Reporting({ busy, blocks, onReport, onBack }: Report) {
  const { say } = useApp();
  return (
    <div className={styles.asking}>
      <p>{say(blocks ? "report.blocks" : "report.what")}</p>
      <Button className={styles.danger!} variant="default" disabled={busy} onClick={onReport} ref={focus}>
        {say("report.do")}
      </Button>
      <Button variant="default" onClick={onBack}>
        {say("back")}
      </Button>
    </div>
  );
}

function Left({ expiresAt }: { expiresAt: number }) {
  const { say, language } = useApp();
  const left = Math.max(0, expiresAt - useMoment());
  return <p className={styles.soft}>{say("left", { time: durationInWords(left, language) })}</p>;
}

type Stage = { reporting: boolean; busy: boolean; problem?: string; change: boolean; decided?: Decided };

/** Sends an answer, and keeps what came of it. */
function useAnswering({ account, request, standing }: Asked) {
  const { say, refresh } = useApp();
  const [stage, setStage] = useState<Stage>({
    reporting: false,
    busy: false,
    change: request.mode.endsWith("pin") && standing.pinMustChange,
  });
  const answer = async (given: Answer) => {
    setStage((before) => ({ reporting: before.reporting, change: before.change, busy: true }));
    try {
      const decided = await decide(account, request, given);
      const again = { wrong_pin: "request.pin.wrong", pin_expired: "pin.expired", pin_refused: undefined } as const;
      if (!(decided.result in again)) return setStage((before) => ({ ...before, busy: false, decided }));
      const word = again[decided.result as keyof typeof again] ?? wordFor("rule", decided.rule ?? "");
      setStage((before) => ({
        reporting: false,
        busy: false,
        problem: say(word),
        change: before.change || decided.result !== "wrong_pin",
      }));
    } catch (error) {
      if (!(error instanceof DeviceProblem)) throw error;
      if (error.code === "request_over")
        setStage((before) => ({ ...before, busy: false, decided: { result: "over" } }));
      else setStage((before) => ({ ...before, busy: false, problem: say(wordFor("problem", error.code)) }));
    } finally {
      void refresh();
    }
  };
  return { stage, setStage, answer };
}

type Props = { asked: Asked; over: boolean; onDone: () => void; onLater: () => void };

export function RequestPage({ asked, over, onDone, onLater }: Props) {
  const { say } = useApp();
  const { stage, setStage, answer } = useAnswering(asked);
  const { busy, problem, reporting, change, decided } = stage;
  const late = useMoment() > asked.request.expiresAt;
  if (decided || ((over || late) && !busy)) return <Outcome decided={decided ?? { result: "over" }} onDone={onDone} />;
  const report = (now: boolean) => setStage((before) => ({ ...before, reporting: now }));
  return (
    <section className={styles.request}>
      <h1>{say("request")}</h1>
      <Context asked={asked} />
      <AnswerForm asked={asked} busy={busy} change={change} onAnswer={(given) => void answer(given)}>
        {problem !== undefined && <Problem>{problem}</Problem>}
      </AnswerForm>
      <div className={styles.refusals}>
        <Button size="lg" variant="default" disabled={busy} onClick={() => void answer({ decision: "deny" })}>
          {say("request.deny")}
        </Button>
        {reporting ? (
          <Reporting
            busy={busy}
            blocks={asked.standing.fraud.block}
            onReport={() => void answer({ decision: "not_me" })}
            onBack={() => report(false)}
          />
        ) : (
          <Button size="lg" variant="default" className={styles.danger!} disabled={busy} onClick={() => report(true)}>
            {say("request.notMe")}
          </Button>
        )}
      </div>
      <footer className={styles.last}>
        <Left expiresAt={asked.request.expiresAt} />
        <Button variant="subtle" onClick={onLater}>
          {say("request.later")}
        </Button>
      </footer>
    </section>
  );
}
