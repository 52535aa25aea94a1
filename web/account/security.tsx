// Password, recovery codes and language.
import { Button, CopyButton, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import type { ReactNode, SyntheticEvent } from "react";
import type { Me } from "../../sdk/src/account.ts";
import type { Language } from "../parts/language.ts";
import styles from "./account.module.css";
import { Dangerous, focus, Section } from "./parts.tsx";
import { account, useAccount } from "./use-account.tsx";

type FieldProps = {
  label: string;
  autoComplete: string;
  inputMode?: "numeric";
  value: string;
  onChange: (value: string) => void;
  ref?: (element: HTMLElement | null) => void;
};

const PasswordField = ({ onChange, ...props }: FieldProps) => (
  <TextInput
    type="password"
    required
    withAsterisk={false}
    maxLength={1024}
    classNames={{ input: styles.input! }}
    onChange={(event) => onChange(event.currentTarget.value)}
    {...props}
  />
);

function PasswordForm({ me, onDone }: { me: Me; onDone: () => void }) {
  const { say, attempt, tell, busy } = useAccount();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [repeated, setRepeated] = useState("");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (next !== repeated) return tell({ fine: false, text: say("password.differ") });
    const change = () => account.changePassword(current, next);
    return void attempt("done.changePassword", change).then((done) => done && onDone());
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {/* for whatever keeps the person's passwords */}
      <input type="text" name="username" autoComplete="username" value={me.username} readOnly hidden />
      <PasswordField
        label={say("password.current")}
        autoComplete="current-password"
        value={current}
        onChange={setCurrent}
        ref={focus}
      />
      <p className={styles.soft}>{say("password.about")}</p>
      <PasswordField label={say("password.next")} autoComplete="new-password" value={next} onChange={setNext} />
      <PasswordField
        label={say("password.repeat")}
        autoComplete="new-password"
        value={repeated}
        onChange={setRepeated}
      />
      <p className={styles.soft}>{say("password.ends")}</p>
      <div className={styles.actions}>
        <Button type="submit" disabled={busy}>
          {say("password.change")}
        </Button>
        <Button variant="default" onClick={onDone}>
          {say("method.cancel")}
        </Button>
      </div>
    </form>
  );
}

/** What is replaced by a form, once its person has verified. */
function Replaced({ what, label, form }: { what: string; label: string; form: (onDone: () => void) => ReactNode }) {
  const { change, confirmed, busy } = useAccount();
  const [open, setOpen] = useState(confirmed === what);
  const [seen, setSeen] = useState(confirmed);
  // who has just verified comes back to the form
  if (confirmed !== seen) {
    setSeen(confirmed);
    setOpen(confirmed === what);
  }
  if (open) return form(() => setOpen(false));
  const begin = () => void change("confirm", what).then((fresh) => fresh && setOpen(true));
  return (
    <Button variant="default" disabled={busy} onClick={begin}>
      {label}
    </Button>
  );
}

function Password({ me }: { me: Me }) {
  const { say } = useAccount();
  if (!me.hasPassword) return <p>{say("password.elsewhere")}</p>;
  const form = (onDone: () => void) => <PasswordForm me={me} onDone={onDone} />;
  return <Replaced what="password" label={say("password.change")} form={form} />;
}

function PinForm({ shortest, onDone }: { shortest: number; onDone: () => void }) {
  const { say, attempt, tell, busy } = useAccount();
  const [next, setNext] = useState("");
  const [repeated, setRepeated] = useState("");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (next !== repeated) return tell({ fine: false, text: say("pin.differ") });
    return void attempt("done.choosePin", () => account.choosePin(next)).then((done) => done && onDone());
  };
  const field = { autoComplete: "off", inputMode: "numeric" } as const;
  return (
    <form className={styles.form} onSubmit={submit}>
      <p className={styles.soft}>{say("pin.rule", { count: shortest })}</p>
      <PasswordField {...field} label={say("pin.next")} value={next} onChange={setNext} ref={focus} />
      <PasswordField {...field} label={say("pin.repeat")} value={repeated} onChange={setRepeated} />
      <div className={styles.actions}>
        <Button type="submit" disabled={busy}>
          {say("method.save")}
        </Button>
        <Button variant="default" onClick={onDone}>
          {say("method.cancel")}
        </Button>
      </div>
    </form>
  );
}

function Pin({ has, shortest }: NonNullable<Me["pin"]>) {
  const { say } = useAccount();
  const form = (onDone: () => void) => <PinForm shortest={shortest} onDone={onDone} />;
  return (
    <>
      <p className={styles.soft}>{say("pin.about")}</p>
      <Replaced what="pin" label={say(has ? "pin.change" : "pin.choose")} form={form} />
    </>
  );
}

function Sheet({ codes }: { codes: string[] }) {
  const { say, forgetCodes } = useAccount();
  return (
    <div className={styles.sheet}>
      <p>{say("codes.once")}</p>
      <ol>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <div className={styles.actions}>
        <CopyButton value={codes.join("\n")} timeout={3000}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              <span aria-live="polite">{say(copied ? "codes.copied" : "codes.copy")}</span>
            </Button>
          )}
        </CopyButton>
        <Button variant="default" onClick={() => print()}>
          {say("codes.print")}
        </Button>
        <Button onClick={forgetCodes}>{say("codes.saved")}</Button>
      </div>
    </div>
  );
}

function Codes({ me }: { me: Me }) {
  const { say, change, codes, busy } = useAccount();
  if (codes) return <Sheet codes={codes} />;
  const make = () => change("renewCodes");
  return (
    <>
      <p>{me.codesLeft === 0 ? say("codes.none") : say("codes.left", { count: me.codesLeft })}</p>
      {me.codesLeft === 0 ? (
        <Button variant="default" disabled={busy} onClick={() => void make()}>
          {say("codes.make")}
        </Button>
      ) : (
        <Dangerous label={say("codes.make")} what={say("codes.make.what")} act={say("codes.make.do")} onAct={make} />
      )}
    </>
  );
}

const languageNames: Record<Language, string> = { en: "English", sv: "Svenska" };

function LanguageChoice() {
  const { say, language, attempt, busy } = useAccount();
  return (
    <NativeSelect
      label={say("language")}
      description={say("language.about")}
      value={language}
      disabled={busy}
      data={Object.entries(languageNames).map(([value, label]) => ({ value, label }))}
      onChange={(event) => {
        const chosen = event.currentTarget.value as Language;
        void attempt("done.setLanguage", () => account.setLanguage(chosen));
      }}
      classNames={{ input: styles.input! }}
    />
  );
}

export function Security({ me }: { me: Me }) {
  const { say } = useAccount();
  return (
    <>
      <h1 className={styles.title}>{say("nav.security")}</h1>
      <Section title={say("password")}>
        <Password me={me} />
      </Section>
      {me.pin && (
        <Section title={say("pin")}>
          <Pin {...me.pin} />
        </Section>
      )}
      {me.mayMakeCodes && (
        <Section title={say("codes")}>
          <p className={styles.soft}>{say("codes.about")}</p>
          <Codes me={me} />
        </Section>
      )}
      <Section title={say("language")}>
        <LanguageChoice />
      </Section>
    </>
  );
}
