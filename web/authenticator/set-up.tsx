// Setting this device up: by the link that the camera opened, or by a code typed. Says first what will happen.
import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import type { SyntheticEvent } from "react";
import { activate, thisDevice } from "./activate.ts";
import styles from "./authenticator.module.css";
import { DeviceProblem } from "./device.ts";
import type { Account } from "./keep.ts";
import { appAt, isTypedCode, readCode } from "./link.ts";
import { focus, Problem } from "./parts.tsx";
import { useApp } from "./use-app.tsx";
import { wordFor, type Word } from "./words.ts";

type Given = { code: string; username?: string };

type FieldProps = { label: string; value: string; onChange: (value: string) => void; about?: string; first?: boolean };
const Field = ({ label, value, onChange, about, first = false }: FieldProps) => (
  <TextInput
    label={label}
    description={about}
    value={value}
    autoCapitalize="none"
    autoComplete="off"
    spellCheck={false}
    onChange={(event) => onChange(event.currentTarget.value)}
    classNames={{ input: styles.input!, description: styles.about! }}
    {...(first && { ref: focus })}
  />
);

/** Each server brings its own app, so that no server can answer for another: an address leads there. */
function Elsewhere() {
  const { say } = useApp();
  const [address, setAddress] = useState("");
  const url = appAt(address);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (url) location.assign(url);
  };
  return (
    <details className={styles.details}>
      <summary>{say("elsewhere")}</summary>
      <form className={styles.form} onSubmit={submit}>
        <Field label={say("elsewhere.address")} about={say("elsewhere.about")} value={address} onChange={setAddress} />
        <Button type="submit" variant="default" disabled={!url}>
          {say("elsewhere.go")}
        </Button>
      </form>
    </details>
  );
}

function Typed({ onGiven }: { onGiven: (given: Given) => void }) {
  const { say } = useApp();
  const [username, setUsername] = useState("");
  const [code, setCode] = useState("");
  const ready = username.trim() !== "" && isTypedCode(readCode(code));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (ready) onGiven({ code: readCode(code), username: username.trim() });
  };
  return (
    <section className={styles.request}>
      <p>
        <a href="#home">{say("back.home")}</a>
      </p>
      <h1>{say("typed")}</h1>
      <p>{say("typed.about")}</p>
      <form className={styles.form} onSubmit={submit}>
        <Field label={say("typed.username")} value={username} onChange={setUsername} first />
        <Field label={say("typed.code")} value={code} onChange={setCode} />
        <p className={styles.soft}>{say("typed.server", { address: location.host })}</p>
        <Button type="submit" size="lg" disabled={!ready}>
          {say("next")}
        </Button>
      </form>
      <Elsewhere />
    </section>
  );
}

function Ready({ account }: { account: Account }) {
  const { say } = useApp();
  return (
    <section className={styles.outcome}>
      <svg viewBox="0 0 32 32" className={styles.done} aria-hidden="true">
        <path d="M6 17L13 24L26 9" />
      </svg>
      <h1 aria-live="polite">{say("ready")}</h1>
      <p>{say("ready.who", { username: account.username, organisation: account.organisation })}</p>
      <p>{say(account.channel === "push" ? "ready.push" : "ready.noPush")}</p>
      <a className={styles.button} href="#home" ref={focus}>
        {say("ready.codes")}
      </a>
    </section>
  );
}

/** Safari on an iPhone keeps what its pages hold apart from the app on the home screen. */
const standsApart = () => {
  const system = thisDevice().named?.system ?? "";
  return ["iPhone", "iPad"].includes(system) && !matchMedia("(display-mode: standalone)").matches;
};

type Working = { busy: boolean; problem?: Word; account?: Account };

function Explained({ given, onAgain }: { given: Given; onAgain: () => void }) {
  const { say, language, refresh } = useApp();
  const { named } = thisDevice();
  const [deviceName, setDeviceName] = useState(named ? say("device.named", named) : "");
  const [{ busy, problem, account }, setWorking] = useState<Working>({ busy: false });
  const begin = async () => {
    setWorking({ busy: true });
    try {
      const account = await activate({ ...given, deviceName, language });
      // its code is used: what is left to do is offered beside the account
      if (account.state !== "active") location.hash = "#home";
      else setWorking({ busy: false, account });
    } catch (error) {
      if (!(error instanceof DeviceProblem)) throw error;
      setWorking({ busy: false, problem: wordFor("problem", error.code) });
    }
    await refresh();
  };
  if (account) return <Ready account={account} />;
  return (
    <section className={styles.request}>
      <h1>{say("explained")}</h1>
      {standsApart() && <p className={styles.note}>{say("explained.apple")}</p>}
      <ul className={styles.points}>
        <li>{say("explained.key")}</li>
        <li>{say("explained.requests")}</li>
        <li>{say("explained.codes")}</li>
      </ul>
      <p>{say("explained.notifications")}</p>
      <div className={styles.form}>
        <Field
          label={say("device.name")}
          about={say("device.name.about")}
          value={deviceName}
          onChange={setDeviceName}
        />
        {problem && <Problem>{say(problem)}</Problem>}
        <Button size="lg" loading={busy} disabled={deviceName.trim() === ""} onClick={() => void begin()}>
          {say("explained.do")}
        </Button>
        <p aria-live="polite" className={styles.soft}>
          {busy ? say("explained.busy") : ""}
        </p>
        {problem && (
          <Button variant="default" onClick={onAgain}>
            {say("add.typed")}
          </Button>
        )}
      </div>
    </section>
  );
}

/** `linked`: the code of a link, "" when it was broken. */
export function SetUp({ linked }: { linked: string | undefined }) {
  const { say } = useApp();
  const [given, setGiven] = useState<Given | undefined>(linked ? { code: linked } : undefined);
  if (given) return <Explained given={given} onAgain={() => setGiven(undefined)} />;
  return (
    <>
      {linked === "" && <Problem>{say("problem.link")}</Problem>}
      <Typed onGiven={setGiven} />
    </>
  );
}
