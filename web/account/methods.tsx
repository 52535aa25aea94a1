import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import type { OwnMethod } from "../../sdk/src/account.ts";
import styles from "./account.module.css";
import { Dangerous, focus, Moment } from "./parts.tsx";
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
  const [renaming, setRenaming] = useState(false);
  const { state, first, createdAt, lastUsedAt } = method;
  const facts = factsOf(say, method);
  return (
    <li className={styles.card}>
      <h3>{nameOf(say, method)}</h3>
      {facts.length > 0 && <p>{facts.join(" · ")}</p>}
      <p className={styles.soft}>
        <Moment word="method.added" at={createdAt} />
        {" · "}
        {lastUsedAt === null ? say("method.unused") : <Moment word="method.used" at={lastUsedAt} />}
      </p>
      {(first || state !== "ready") && (
        <p className={styles.marks}>
          {first && <span className={styles.fine}>{say("method.first")}</span>}
          {state !== "ready" && <span className={styles.weak}>{say(`method.${state}`)}</span>}
        </p>
      )}
      {renaming ? <Renaming method={method} onEnd={() => setRenaming(false)} /> : null}
      {!renaming && <MethodActions method={method} onRename={() => setRenaming(true)} />}
    </li>
  );
}

function MethodActions({ method, onRename }: { method: OwnMethod; onRename: () => void }) {
  const { say, change } = useAccount();
  const { id, kind, state, first, verifies, backup, serial } = method;
  const name = nameOf(say, method);
  const labelled = (label: string) => ({ "aria-label": `${label}: ${name}`, children: label });
  const token = serial === null ? "what" : "token";
  const removal = kind === "recovery" ? "method.remove.codes" : (`method.remove.${token}` as const);
  return (
    <div className={styles.actions}>
      {verifies && <Button variant="default" onClick={onRename} {...labelled(say("method.rename"))} />}
      {verifies && state === "ready" && (
        <Button
          variant="default"
          onClick={() => void change("setFirst", first ? null : kind)}
          {...labelled(say(first ? "method.notFirst" : "method.makeFirst"))}
        />
      )}
      {kind === "voice" && state === "ready" && <BackupPhone {...{ id, name, backup }} />}
      {state === "lost" && (
        <Button variant="default" onClick={() => void change("findMethod", id)} {...labelled(say("method.find"))} />
      )}
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
        what={say(removal)}
        act={say("method.remove.do")}
        onAct={() => change("removeMethod", id)}
      />
    </div>
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

function Renaming({ method, onEnd }: { method: OwnMethod; onEnd: () => void }) {
  const { say, change, busy } = useAccount();
  const [name, setName] = useState(nameOf(say, method));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void change("renameMethod", method.id, name).then(onEnd);
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
