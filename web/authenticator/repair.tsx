// "Authentication request is not for an activated account": server and device no longer agree, and how that is mended.
import { Button } from "@mantine/core";
import { useState } from "react";
import styles from "./authenticator.module.css";
import { ask } from "./device.ts";
import { removeAccount, type Account } from "./keep.ts";
import { focus } from "./parts.tsx";
import { useApp } from "./use-app.tsx";

export function Repair({ account }: { account: Account }) {
  const { say, refresh } = useApp();
  const [started, setStarted] = useState(false);
  const remove = async () => {
    // so that the administrator's list forgets a device that was replaced; without an answer it goes all the same
    await ask(account, { method: "DELETE", path: "/", signal: AbortSignal.timeout(3000) }).catch(() => undefined);
    await removeAccount(account.deviceId);
    location.hash = "#repair";
    await refresh();
  };
  if (!started)
    return (
      <div role="alert" className={styles.asking}>
        <h3>{say("repair")}</h3>
        <p>{say("repair.about")}</p>
        <Button onClick={() => setStarted(true)}>{say("repair.start")}</Button>
      </div>
    );
  return (
    <div className={styles.asking}>
      <h3>{say("repair.remove")}</h3>
      <p>{say("repair.remove.about")}</p>
      <Button onClick={() => void remove()} ref={focus}>
        {say("repair.remove.do")}
      </Button>
      <Button variant="default" onClick={() => setStarted(false)}>
        {say("back")}
      </Button>
    </div>
  );
}

/** After the old account is gone: where a new code comes from. */
export function RepairNext() {
  const { say } = useApp();
  return (
    <section className={styles.empty}>
      <p aria-live="polite" className={styles.soft}>
        {say("repair.removed")}
      </p>
      <h1>{say("repair.next")}</h1>
      <ol>
        <li>{say("repair.next.portal")}</li>
        <li>{say("repair.next.add")}</li>
        <li>{say("repair.next.scan")}</li>
      </ol>
      <a className={styles.button} href="/account">
        {say("portal")}
      </a>
      <a href="#add">{say("add.typed")}</a>
    </section>
  );
}
