import { Button, Container, CopyButton, Loader, Paper, Text, Title, VisuallyHidden } from "@mantine/core";
import { exactTime, timeInWords } from "../parts/language.ts";
import type { Language } from "../parts/language.ts";
import mark from "../parts/mark.svg";
import { asDigits, byNumber, codeIn, inGroups, useInbox } from "./inbox.ts";
import type { Message } from "./inbox.ts";
import styles from "./phone.module.css";
import { dictionaries, withNumber } from "./words.ts";
import type { Words } from "./words.ts";

function Code({ code, words }: { code: string; words: Words }) {
  return (
    <div className={styles.codeRow}>
      <span className={styles.code} aria-hidden="true">
        {inGroups(code)}
      </span>
      <VisuallyHidden>{`${words.code}: ${asDigits(code)}`}</VisuallyHidden>
      <CopyButton value={code} timeout={3000}>
        {({ copied, copy }) => (
          <Button variant="default" onClick={copy}>
            <span aria-live="polite">{copied ? words.copied : words.copy}</span>
          </Button>
        )}
      </CopyButton>
    </div>
  );
}

type MessageProps = { message: Message; moment: number; language: Language };

function MessageItem({ message, moment, language }: MessageProps) {
  const code = codeIn(message.text);
  return (
    <li className={styles.message}>
      <time
        className={styles.time}
        dateTime={new Date(message.at).toISOString()}
        title={exactTime(message.at, language)}
      >
        {timeInWords(message.at, moment, language)}
      </time>
      <p className={styles.text}>{message.text}</p>
      {code !== undefined && <Code code={code} words={dictionaries[language]} />}
    </li>
  );
}

/** Read out when a message arrives; what is already there when the page opens is not. */
function Arrival({ newest, words }: { newest: Message | undefined; words: Words }) {
  const code = newest && codeIn(newest.text);
  const spelled = code === undefined ? newest?.text : `${words.code}: ${asDigits(code)}`;
  return (
    <VisuallyHidden aria-live="polite">
      {newest && `${withNumber(words.arrived, newest.to)}. ${spelled}`}
    </VisuallyHidden>
  );
}

function Messages({ messages, moment, language }: { messages: Message[]; moment: number; language: Language }) {
  const words = dictionaries[language];
  const groups = byNumber(messages);
  return (
    <>
      <Arrival newest={groups[0]?.messages[0]} words={words} />
      {groups.length === 0 && (
        <Paper withBorder p="lg">
          <Title order={2} size="h4">
            {words.emptyTitle}
          </Title>
          <Text mt="xs">{words.emptyNext}</Text>
        </Paper>
      )}
      {groups.map(({ number, messages: own }) => (
        <Paper
          component="section"
          withBorder
          key={number}
          className={styles.number}
          aria-label={withNumber(words.messagesTo, number)}
        >
          <Title order={2} size="h4" className={styles.heading}>
            <bdi>{number}</bdi>
          </Title>
          <ul className={styles.messages}>
            {own.map((message) => (
              <MessageItem key={message.id} message={message} moment={moment} language={language} />
            ))}
          </ul>
        </Paper>
      ))}
    </>
  );
}

export function Phone({ language }: { language: Language }) {
  const words = dictionaries[language];
  const { messages, reachable, readAt } = useInbox();
  return (
    <Container component="main" size="var(--column)" className={styles.page}>
      <header className={styles.header}>
        <img src={mark} alt="" width="32" height="32" />
        <Title order={1} size="h2">
          {words.title}
        </Title>
      </header>
      <Text c="dimmed">{words.about}</Text>
      {!reachable && (
        <Paper withBorder p="lg" role="alert" className={styles.problem}>
          <Title order={2} size="h4">
            {words.unreachableTitle}
          </Title>
          <Text mt="xs">{words.unreachableNext}</Text>
        </Paper>
      )}
      {messages === undefined && reachable && <Loader aria-label={words.loading} />}
      {messages && <Messages messages={messages} moment={readAt} language={language} />}
    </Container>
  );
}
