// All phones side by side, the newest first, and what is read out wherever one looks: messages that arrive, calls that ring.
import { Button, Container, Loader, Paper, Text, TextInput, Title, VisuallyHidden } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import type { FormEvent } from "react";
import type { Language } from "../parts/language.ts";
import mark from "../parts/mark.svg";
import { asDigits, codeIn } from "./code.ts";
import { PhoneFrame, phoneId } from "./phone.tsx";
import styles from "./phone.module.css";
import { addPhone, usePhones, type Phone } from "./phones.ts";
import { useWords, WordsContext } from "./use-words.ts";
import { sayIn } from "./words.ts";

function AddPhone() {
  const { say } = useWords();
  const [number, setNumber] = useState("");
  const [refused, setRefused] = useState(false);
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const added = await addPhone(number);
    setRefused(!added);
    if (added) setNumber("");
  };
  return (
    <form className={styles.add} onSubmit={(event) => void add(event)}>
      <TextInput
        type="tel"
        label={say("add.label")}
        placeholder="+46 70 174 06 05"
        classNames={{ input: styles.input! }}
        value={number}
        error={refused && say("add.fault")}
        onChange={({ currentTarget }) => setNumber(currentTarget.value)}
        required
        withAsterisk={false}
      />
      <Button type="submit" variant="default">
        {say("add.do")}
      </Button>
    </form>
  );
}

/** Read out when a message arrives; what is already there when the page opens is not. */
function Arrival({ phones }: { phones: Phone[] }) {
  const { say } = useWords();
  const newest = phones
    .flatMap(({ number, texts }) => texts.filter(({ to }) => to === number))
    .toSorted((a, b) => b.at - a.at)[0];
  const code = newest && codeIn(newest.text);
  const spelled = code === undefined ? newest?.text : `${say("code")}: ${asDigits(code)}`;
  return (
    <VisuallyHidden aria-live="polite">
      {newest && `${say("arrived", { number: newest.to })}. ${spelled}`}
    </VisuallyHidden>
  );
}

/** A call may ring on a phone that is not in sight. */
function Ringing({ phones }: { phones: Phone[] }) {
  const { say } = useWords();
  return (
    <div className={styles.ringingBar} role="alert">
      {phones
        .filter(({ call }) => call?.state === "ringing")
        .map(({ number }) => (
          <p key={number}>
            <span>{say("call.ringingAt", { number })}</span>
            <a href={`#${phoneId(number)}`}>{say("call.show")}</a>
          </p>
        ))}
    </div>
  );
}

function Phones({ phones }: { phones: Phone[] }) {
  const { say } = useWords();
  return (
    <>
      <Arrival phones={phones} />
      <Ringing phones={phones} />
      {phones.length === 0 && (
        <Paper withBorder p="lg">
          <Title order={2} size="h4">
            {say("emptyTitle")}
          </Title>
          <Text mt="xs">{say("emptyNext")}</Text>
        </Paper>
      )}
      <div className={styles.phones}>
        {phones.map((phone) => (
          <PhoneFrame key={phone.number} phone={phone} />
        ))}
      </div>
    </>
  );
}

const tickMs = 15_000;

function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  return now;
}

export function PhonesPage({ language }: { language: Language }) {
  const now = useNow();
  const words = useMemo(() => ({ language, say: sayIn(language), now }), [language, now]);
  const { say } = words;
  const { phones, reachable } = usePhones();
  return (
    <WordsContext value={words}>
      <Container component="main" size="80rem" className={styles.page}>
        <header className={styles.header}>
          <img src={mark} alt="" width="32" height="32" />
          <div className={styles.title}>
            <Title order={1} size="h2">
              {say("title")}
            </Title>
            <Text c="dimmed">{say("about")}</Text>
          </div>
          <AddPhone />
        </header>
        {!reachable && (
          <Paper withBorder p="lg" role="alert" className={styles.problem}>
            <Title order={2} size="h4">
              {say("unreachableTitle")}
            </Title>
            <Text mt="xs">{say("unreachableNext")}</Text>
          </Paper>
        )}
        {phones === undefined && reachable && <Loader aria-label={say("loading")} />}
        {phones && <Phones phones={phones} />}
      </Container>
    </WordsContext>
  );
}
