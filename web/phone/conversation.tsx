// What came to a phone and was sent from it, newest last, and the reply to whoever wrote last.
import { Button, CopyButton, TextInput, VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { FormEvent } from "react";
import { exactTime, timeInWords } from "../parts/language.ts";
import { asDigits, codeIn, inGroups } from "./code.ts";
import { Words } from "./call.tsx";
import styles from "./phone.module.css";
import { onPhone, type Call, type Phone, type Text } from "./phones.ts";
import { useWords } from "./use-words.ts";

function Time({ at }: { at: number }) {
  const { language, now } = useWords();
  return (
    <time className={styles.time} dateTime={new Date(at).toISOString()} title={exactTime(at, language)}>
      {timeInWords(at, Math.max(at, now), language)}
    </time>
  );
}

function Code({ code }: { code: string }) {
  const { say } = useWords();
  return (
    <div className={styles.codeRow}>
      <span className={styles.code} aria-hidden="true">
        {inGroups(code)}
      </span>
      <VisuallyHidden>{`${say("code")}: ${asDigits(code)}`}</VisuallyHidden>
      <CopyButton value={code} timeout={3000}>
        {({ copied, copy }) => (
          <Button variant="default" onClick={copy}>
            <span aria-live="polite">{copied ? say("copied") : say("copy")}</span>
          </Button>
        )}
      </CopyButton>
    </div>
  );
}

function Message({ text, sent }: { text: Text; sent: boolean }) {
  const code = sent ? undefined : codeIn(text.text);
  return (
    <li className={sent ? styles.sent : styles.received}>
      <p className={styles.when}>
        {text.from !== undefined && !sent && <bdi>{text.from}</bdi>} <Time at={text.at} />
      </p>
      <div className={styles.bubble}>
        <p>{text.text}</p>
        {code !== undefined && <Code code={code} />}
      </div>
    </li>
  );
}

function PastCall({ call }: { call: Call }) {
  const { say } = useWords();
  const { ended, voicemail, at, said } = call;
  const how = voicemail ? "voicemail" : (ended?.how ?? "failed");
  const seconds = Math.round(((ended?.at ?? at) - at) / 1000);
  return (
    <li className={styles.pastCall}>
      <p>
        {say(`past.${how}`, { seconds })} · <Time at={at} />
      </p>
      {said.length > 0 && (
        <details>
          <summary>{say("past.said")}</summary>
          <Words said={said} />
        </details>
      )}
    </li>
  );
}

function Reply({ number, to }: { number: string; to: string }) {
  const { say } = useWords();
  const [text, setText] = useState("");
  const [failed, setFailed] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const sent = await onPhone(number).reply(to, text);
    setFailed(!sent);
    if (sent) setText("");
  };
  return (
    <form className={styles.reply} onSubmit={(event) => void send(event)}>
      <TextInput
        aria-label={say("reply.label", { number: to })}
        placeholder={say("reply.label", { number: to })}
        classNames={{ input: styles.input! }}
        value={text}
        error={failed && say("reply.fault")}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        autoComplete="off"
        required
      />
      <Button type="submit">{say("reply.do")}</Button>
    </form>
  );
}

export function Conversation({ phone: { number, texts, past } }: { phone: Phone }) {
  const { say } = useWords();
  const end = useRef<HTMLUListElement>(null);
  const events = [
    ...texts.map((text) => ({ at: text.at, text })),
    ...past.map((call) => ({ at: call.at, call })),
  ].toSorted((a, b) => a.at - b.at);
  useEffect(() => {
    const list = end.current;
    if (list) list.scrollTop = list.scrollHeight;
  }, [events.length]);
  const last = texts.findLast(({ from, to }) => to === number && from?.startsWith("+"))?.from;
  return (
    <>
      {events.length === 0 && <p className={styles.nothing}>{say("phone.nothing")}</p>}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <ul ref={end} tabIndex={0} className={styles.events} aria-label={say("phone.texts", { number })}>
        {events.map((event) =>
          "text" in event ? (
            <Message key={event.text.id} text={event.text} sent={event.text.from === number} />
          ) : (
            <PastCall key={event.call.id} call={event.call} />
          ),
        )}
      </ul>
      {last !== undefined && <Reply number={number} to={last} />}
    </>
  );
}
