import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import styles from "./account.module.css";
import { focus } from "./parts.tsx";
import { useAccount } from "./use-account.tsx";

type Props = { of: { id: string; name: string; by: "renameMethod" | "renameApp" }; onEnd: () => void };

/** A name of one's own for a method, or for a device of the app. */
export function Renaming({ of, onEnd }: Props) {
  const { say, change, busy } = useAccount();
  const [name, setName] = useState(of.name);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void change(of.by, of.id, name).then(onEnd);
      }}
    >
      <TextInput
        label={say("method.name")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        withAsterisk={false}
        maxLength={60}
        ref={focus}
        classNames={{ input: styles.input! }}
      />
      <div className={styles.actions}>
        <Button type="submit" disabled={busy}>
          {say("method.save")}
        </Button>
        <Button variant="default" onClick={onEnd}>
          {say("method.cancel")}
        </Button>
      </div>
    </form>
  );
}
