// How the network treats a phone: for trying what happens when texts are late and nobody answers.
import { NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import styles from "./phone.module.css";
import { callWays, onPhone, textWays, type Phone, type Switches } from "./phones.ts";
import { useWords } from "./use-words.ts";

const longest = 3600;

export function Network({ phone: { number, switches } }: { phone: Phone }) {
  const { say } = useWords();
  const [seconds, setSeconds] = useState<string>();
  const change = (changes: Partial<Switches>) => void onPhone(number).switchTo({ ...switches, ...changes });
  const setDelay = (typed: string) => {
    setSeconds(typed);
    const delaySeconds = Number(typed);
    if (Number.isInteger(delaySeconds) && delaySeconds >= 1 && delaySeconds <= longest) change({ delaySeconds });
  };
  return (
    <details className={styles.network}>
      <summary>{say("network.title")}</summary>
      <div className={styles.switches}>
        <NativeSelect
          label={say("network.texts")}
          classNames={{ input: styles.input! }}
          value={switches.texts}
          data={textWays.map((value) => ({ value, label: say(`network.texts.${value}`) }))}
          onChange={({ currentTarget }) => change({ texts: currentTarget.value as Switches["texts"] })}
        />
        {switches.texts === "delayed" && (
          <TextInput
            type="number"
            min={1}
            max={longest}
            label={say("network.delay")}
            classNames={{ input: styles.input! }}
            value={seconds ?? switches.delaySeconds}
            onChange={({ currentTarget }) => setDelay(currentTarget.value)}
            onBlur={() => setSeconds(undefined)}
          />
        )}
        <NativeSelect
          label={say("network.calls")}
          classNames={{ input: styles.input! }}
          value={switches.calls}
          data={callWays.map((value) => ({ value, label: say(`network.calls.${value}`) }))}
          onChange={({ currentTarget }) => change({ calls: currentTarget.value as Switches["calls"] })}
        />
      </div>
    </details>
  );
}
