// A call on a phone's screen: it rings; somebody speaks and keys are pressed; it has ended.
import { Button } from "@mantine/core";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { RefObject } from "react";
import styles from "./phone.module.css";
import { onPhone, type Call, type Spoken } from "./phones.ts";
import { useWords } from "./use-words.ts";
import type { Word } from "./words.ts";

const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;
type Props = { number: string; call: Call };

const Handset = () => (
  <svg viewBox="0 0 24 24" width="40" height="40" aria-hidden="true" className={styles.handset}>
    <path d="M5 3.5h3.2l1.6 4.3-2.1 1.9a12.5 12.5 0 0 0 6.6 6.6l1.9-2.1 4.3 1.6V19a1.5 1.5 0 0 1-1.6 1.5A16.4 16.4 0 0 1 3.5 5.1 1.5 1.5 0 0 1 5 3.5Z" />
  </svg>
);

/** What was said on a call, line by line, in the language it was said in; `live`: it is said now, so recordings play. */
export function Words({ said, live = false }: Pick<Call, "said"> & { live?: boolean }) {
  return said.map(({ language, words }, line) => (
    // oxlint-disable-next-line react/no-array-index-key -- a line that was said stays where it is
    <p key={line} lang={language} className={styles.line}>
      {words.map((word, place) => (
        // oxlint-disable-next-line react/no-array-index-key -- and so does a word
        <Word key={place} word={word} live={live && line === said.length - 1} />
      ))}
    </p>
  ));
}

function Word({ word, live }: { word: Spoken; live: boolean }) {
  const { say } = useWords();
  if ("text" in word) return `${word.text} `;
  if ("keys" in word) return say("call.dialled", { keys: word.keys });
  return (
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- the organisation's own recording, which has no text
    <audio controls autoPlay={live} src={word.recording} aria-label={say("call.recording")} />
  );
}

function Ringing({ number, call, onAnswer }: Props & { onAnswer: () => void }) {
  const { say } = useWords();
  const { pickUp } = onPhone(number);
  const answer = () => {
    onAnswer();
    void pickUp("answer");
  };
  return (
    <div className={styles.ringing}>
      <div className={styles.caller}>
        <span className={styles.waves}>
          <Handset />
        </span>
        <p>{say("call.ringing")}</p>
        <p className={styles.callerId}>
          <bdi>{call.from}</bdi>
        </p>
      </div>
      <div className={styles.answers}>
        <Button onClick={answer}>{say("call.answer")}</Button>
        <Button variant="default" className={styles.danger!} onClick={() => void pickUp("decline")}>
          {say("call.decline")}
        </Button>
        <Button variant="default" onClick={() => void pickUp("busy")}>
          {say("call.busy")}
        </Button>
        <Button variant="default" onClick={() => void pickUp("voicemail")}>
          {say("call.voicemail")}
        </Button>
      </div>
    </div>
  );
}

function Keypad({ number, call }: Props) {
  const { say } = useWords();
  const { press } = onPhone(number);
  const names: Record<string, string> = { "*": say("call.star"), "#": say("call.hash") };
  return (
    <fieldset aria-label={say("call.keypad")} className={styles.keypad} data-hears={call.hears}>
      <output className={styles.pressed} aria-label={say("call.pressed")}>
        {call.keys}
      </output>
      {keys.map((key) => (
        <button type="button" key={key} aria-label={names[key]} onClick={() => void press(key)}>
          {key}
        </button>
      ))}
    </fieldset>
  );
}

/** The computer's own keys press the phone's, wherever on the phone the focus is. */
function useTypedKeys(panel: RefObject<HTMLElement | null>, number: string): void {
  // before the words are painted: who reads them may press a key at once
  useLayoutEffect(() => {
    const typed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !keys.some((key) => key === event.key)) return;
      event.preventDefault();
      void onPhone(number).press(event.key);
    };
    const where = panel.current;
    where?.addEventListener("keydown", typed);
    return () => where?.removeEventListener("keydown", typed);
  }, [panel, number]);
}

function stateWord({ state, voicemail, ended }: Call): Word {
  if (ended?.how === "failed") return "past.failed";
  return voicemail && !ended ? "call.hasVoicemail" : `call.${state}`;
}

function Talking({ number, call, focus }: Props & { focus: boolean }) {
  const { say } = useWords();
  const panel = useRef<HTMLElement>(null);
  const words = useRef<HTMLDivElement>(null);
  const { hangUp, putAway } = onPhone(number);
  useTypedKeys(panel, number);
  useLayoutEffect(() => {
    if (focus) panel.current?.focus();
  }, [focus]);
  useEffect(() => {
    const list = words.current;
    if (list) list.scrollTop = list.scrollHeight;
  }, [call.said.length]);
  const over = call.ended !== undefined;
  return (
    <section ref={panel} tabIndex={-1} aria-label={call.from} className={styles.talking}>
      <header className={styles.callHead}>
        <p className={styles.callerId}>
          <bdi>{call.from}</bdi>
        </p>
        <p className={styles.callState} data-state={call.state}>
          {say(stateWord(call))}
        </p>
      </header>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <div ref={words} role="log" aria-label={say("call.said")} tabIndex={0} className={styles.said}>
        <Words said={call.said} live={!over} />
      </div>
      {!over && !call.voicemail && <Keypad number={number} call={call} />}
      {over ? (
        <Button variant="default" onClick={() => void putAway()}>
          {say("call.putAway")}
        </Button>
      ) : (
        !call.voicemail && (
          <Button variant="default" className={styles.danger!} onClick={() => void hangUp()}>
            {say("call.hangUp")}
          </Button>
        )
      )}
    </section>
  );
}

export function CallScreen({ number, call }: Props) {
  const [answered, setAnswered] = useState(false);
  if (call.state === "ringing") return <Ringing number={number} call={call} onAnswer={() => setAnswered(true)} />;
  return <Talking number={number} call={call} focus={answered} />;
}
