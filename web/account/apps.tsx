// The authenticator app among the ways to verify: one card, with each device that has it.
import { Button } from "@mantine/core";
import { useState } from "react";
import type { OwnApp } from "../../sdk/src/account.ts";
import styles from "./account.module.css";
import { Dangerous, Moment } from "./parts.tsx";
import { Renaming } from "./renaming.tsx";
import { Shown } from "./shown.tsx";
import { account, useAccount, useApps } from "./use-account.tsx";
import type { Say, Word } from "./words.ts";

const kinds: Record<string, Word> = { phone: "app.kind.phone", tablet: "app.kind.tablet", desktop: "app.kind.desktop" };
const placeOf = (say: Say, { kind, platform }: OwnApp): string =>
  say("app.on", { kind: say(kinds[kind] ?? "app.kind.other"), platform });

export function Apps() {
  const { say, attempt } = useAccount();
  const apps = useApps();
  // the sign-in pages bind it, and lead back here
  const add = () => void attempt(undefined, async () => location.assign(await account.addMethod()));
  return (
    <>
      <Shown query={apps}>
        {(all) => (
          <ul className={styles.cards}>
            {all.map((app) => (
              <AppCard key={`${app.id} ${app.name} ${app.state}`} app={app} />
            ))}
          </ul>
        )}
      </Shown>
      <Button variant="default" className={styles.alone!} onClick={add}>
        {say("app.add")}
      </Button>
      <details>
        <summary>{say("app.repair")}</summary>
        <p>{say("app.repair.about")}</p>
      </details>
    </>
  );
}

function AppCard({ app }: { app: OwnApp }) {
  const { say } = useAccount();
  const [renaming, setRenaming] = useState(false);
  const { name, push, state, createdAt, lastSeenAt } = app;
  return (
    <li className={styles.card}>
      <h4>{name}</h4>
      <p>
        {placeOf(say, app)}
        {state === "ready" && `: ${say(`app.${push}`)}`}
      </p>
      <p className={styles.soft}>
        <Moment word="method.added" at={createdAt} />
        {" · "}
        {lastSeenAt === null ? say("app.unseen") : <Moment word="app.seen" at={lastSeenAt} />}
      </p>
      {state === "blocked" && (
        <p className={styles.marks}>
          <span className={styles.weak}>{say("app.blocked")}</span>
        </p>
      )}
      {renaming ? (
        <Renaming of={{ id: app.id, name, by: "renameApp" }} onEnd={() => setRenaming(false)} />
      ) : (
        <AppActions app={app} onRename={() => setRenaming(true)} />
      )}
    </li>
  );
}

function AppActions({ app: { id, name, state }, onRename }: { app: OwnApp; onRename: () => void }) {
  const { say, change } = useAccount();
  return (
    <div className={styles.actions}>
      <Button variant="default" onClick={onRename} aria-label={`${say("method.rename")}: ${name}`}>
        {say("method.rename")}
      </Button>
      {state === "ready" && (
        <Dangerous
          label={say("app.stolen")}
          of={name}
          what={say("app.stolen.what")}
          act={say("app.stolen.do")}
          onAct={() => change("blockApp", id)}
        />
      )}
      <Dangerous
        label={say("method.remove")}
        of={name}
        what={say("app.remove.what")}
        act={say("method.remove.do")}
        onAct={() => change("removeApp", id)}
      />
    </div>
  );
}
