import { Button } from "@mantine/core";
import { useState } from "react";
import type { OwnMethod } from "../../sdk/src/account.ts";
import styles from "./account.module.css";
import { Apps } from "./apps.tsx";
import { Dangerous, Moment } from "./parts.tsx";
import { Renaming } from "./renaming.tsx";
import { Resync } from "./resync.tsx";
import { account, useAccount } from "./use-account.tsx";
import { ofKind, type Say } from "./words.ts";

const kindOf = (say: Say, { kind, serial }: OwnMethod) => say(ofKind("kind", serial === null ? kind : "token"));
const nameOf = (say: Say, method: OwnMethod) => method.name ?? kindOf(say, method);

export function Methods({ methods }: { methods: OwnMethod[] }) {
  const { say } = useAccount();
  if (methods.length === 0) return <p>{say("methods.none")}</p>;
  return (
    <ul className={styles.cards}>
      {methods.map((method) => (
        <MethodCard key={`${method.id} ${method.name} ${method.state}`} method={method} />
      ))}
    </ul>
  );
}

function factsOf(say: Say, method: OwnMethod): string[] {
  const { name, number, extension, backup, codesLeft, serial } = method;
  return [
    name === null ? undefined : kindOf(say, method),
    serial === null || serial === name ? undefined : say("method.serial", { serial }),
    number === null ? undefined : say("method.to", { number }),
    extension === null ? undefined : say("method.extension", { extension }),
    backup === null ? undefined : say("method.backup", { number: backup }),
    codesLeft === null ? undefined : say("method.left", { count: codesLeft }),
  ].filter((fact) => fact !== undefined);
}

function MethodCard({ method }: { method: OwnMethod }) {
  const { say } = useAccount();
  const [form, setForm] = useState<"name" | "codes">();
  const close = () => setForm(undefined);
  const { kind, createdAt, lastUsedAt } = method;
  const facts = factsOf(say, method);
  return (
    <li className={`${styles.card} ${kind === "push" ? styles.wide : ""}`}>
      <h3>{nameOf(say, method)}</h3>
      {facts.length > 0 && <p>{facts.join(" · ")}</p>}
      <p className={styles.soft}>
        <Moment word="method.added" at={createdAt} />
        {" · "}
        {lastUsedAt === null ? say("method.unused") : <Moment word="method.used" at={lastUsedAt} />}
      </p>
      <Marks {...method} />
      {form === "name" && (
        <Renaming of={{ id: method.id, name: nameOf(say, method), by: "renameMethod" }} onEnd={close} />
      )}
      {form === "codes" && <Resync method={method} onEnd={close} />}
      {kind === "push" && <Apps />}
      {kind === "push" && (
        <div className={styles.actions}>
          <First method={method} />
        </div>
      )}
      {form === undefined && kind !== "push" && <MethodActions method={method} onForm={setForm} />}
    </li>
  );
}

function Marks({ first, state }: OwnMethod) {
  const { say } = useAccount();
  if (!first && state === "ready") return null;
  return (
    <p className={styles.marks}>
      {first && <span className={styles.fine}>{say("method.first")}</span>}
      {state !== "ready" && <span className={styles.weak}>{say(`method.${state}`)}</span>}
    </p>
  );
}

/** Whether its kind is asked for before the others. */
function First({ method }: { method: OwnMethod }) {
  const { say, change } = useAccount();
  const { kind, first, state, verifies } = method;
  if (!verifies || state !== "ready") return null;
  const label = say(first ? "method.notFirst" : "method.makeFirst");
  return (
    <Button
      variant="default"
      onClick={() => void change("setFirst", first ? null : kind)}
      aria-label={`${label}: ${nameOf(say, method)}`}
    >
      {label}
    </Button>
  );
}

type ActionsProps = { method: OwnMethod; onForm: (form: "name" | "codes") => void };

function MethodActions({ method, onForm }: ActionsProps) {
  const { say, change } = useAccount();
  const { id, kind, state, verifies, backup, serial } = method;
  const name = nameOf(say, method);
  const labelled = (label: string) => ({ "aria-label": `${label}: ${name}`, children: label });
  return (
    <div className={styles.actions}>
      {verifies && <Button variant="default" onClick={() => onForm("name")} {...labelled(say("method.rename"))} />}
      <First method={method} />
      {serial !== null && state === "ready" && (
        <Button variant="default" onClick={() => onForm("codes")} {...labelled(say("method.resync"))} />
      )}
      {kind === "voice" && state === "ready" && <BackupPhone {...{ id, name, backup }} />}
      {state === "lost" && (
        <Button variant="default" onClick={() => void change("findMethod", id)} {...labelled(say("method.find"))} />
      )}
      <Endings method={method} />
    </div>
  );
}

/** How it ends, for a while or for good. */
function Endings({ method }: { method: OwnMethod }) {
  const { say, change } = useAccount();
  const { id, kind, state, verifies, serial } = method;
  const name = nameOf(say, method);
  const token = serial === null ? "what" : "token";
  return (
    <>
      {verifies && state !== "lost" && (
        <Dangerous
          label={say("method.lose")}
          of={name}
          what={say("method.lose.what")}
          act={say("method.lose.do")}
          onAct={() => change("loseMethod", id)}
        />
      )}
      <Dangerous
        label={say("method.remove")}
        of={name}
        what={say(kind === "recovery" ? "method.remove.codes" : `method.remove.${token}`)}
        act={say("method.remove.do")}
        onAct={() => change("removeMethod", id)}
      />
    </>
  );
}

function BackupPhone({ id, name, backup }: { id: string; name: string; backup: string | null }) {
  const { say, change, attempt } = useAccount();
  const label = say(backup === null ? "backup.add" : "backup.change");
  // the sign-in pages call it first, and lead back here
  const set = () => void attempt(undefined, async () => location.assign(await account.addBackup(id)));
  return (
    <>
      <Button variant="default" onClick={set} aria-label={`${label}: ${name}`}>
        {label}
      </Button>
      {backup !== null && (
        <Dangerous
          label={say("backup.remove")}
          of={name}
          what={say("backup.remove.what")}
          act={say("method.remove.do")}
          onAct={() => change("removeBackup", id)}
        />
      )}
    </>
  );
}
