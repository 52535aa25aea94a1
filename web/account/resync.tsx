// A token that has fallen out of step is set right by two codes that it shows one after the other.
import { Button, TextInput, type TextInputProps } from "@mantine/core";
import { useState } from "react";
import type { OwnMethod } from "../../sdk/src/account.ts";
import styles from "./account.module.css";
import { focus } from "./parts.tsx";
import { account, useAccount } from "./use-account.tsx";

const CodeField = (props: TextInputProps) => (
  <TextInput
    required
    withAsterisk={false}
    autoComplete="off"
    inputMode="numeric"
    maxLength={12}
    classNames={{ input: styles.input! }}
    {...props}
  />
);

export function Resync({ method, onEnd }: { method: OwnMethod; onEnd: () => void }) {
  const { say, attempt, busy } = useAccount();
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const set = () => account.resyncMethod(method.id, [first, second]);
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void attempt("done.resync", set).then((done) => done && onEnd());
      }}
    >
      <p>{say("method.resync.how")}</p>
      <CodeField
        label={say("method.resync.first")}
        value={first}
        onChange={(event) => setFirst(event.currentTarget.value)}
        ref={focus}
      />
      <CodeField
        label={say("method.resync.second")}
        value={second}
        onChange={(event) => setSecond(event.currentTarget.value)}
      />
      <div className={styles.actions}>
        <Button type="submit" disabled={busy}>
          {say("method.resync.do")}
        </Button>
        <Button variant="default" onClick={onEnd}>
          {say("method.cancel")}
        </Button>
      </div>
    </form>
  );
}
