// The frame of the app. It opens on what needs an answer; an opened request stays until its person has seen what came of it.
import { Container, Loader, NativeSelect } from "@mantine/core";
import { useState } from "react";
import type { Language } from "../parts/language.ts";
import mark from "../parts/mark.svg";
import { AccountPage } from "./account-page.tsx";
import styles from "./authenticator.module.css";
import { Home } from "./home.tsx";
import { Problem } from "./parts.tsx";
import { RepairNext } from "./repair.tsx";
import { RequestPage } from "./request.tsx";
import { SetUp } from "./set-up.tsx";
import { AppProvider, type Asked, useApp } from "./use-app.tsx";
import { useView, type View } from "./view.ts";

function LanguageChoice() {
  const { say, chosen, choose } = useApp();
  const names: [string, string][] = [
    ["", say("language.system")],
    ["en", "English"],
    ["sv", "Svenska"],
  ];
  return (
    <NativeSelect
      label={say("language")}
      value={chosen ?? ""}
      data={names.map(([value, label]) => ({ value, label }))}
      onChange={({ currentTarget: { value } }) => choose(value === "" ? undefined : (value as Language))}
      classNames={{ input: styles.input!, root: styles.language! }}
    />
  );
}

function useOpened(paused: boolean) {
  const { asked, offline } = useApp();
  const [opened, setOpened] = useState<Asked>();
  const [later, setLater] = useState<readonly string[]>([]);
  const next = asked.find(({ request }) => !later.includes(request.id));
  if (!opened && next && !paused) setOpened(next);
  return {
    opened,
    over: opened !== undefined && !offline && !asked.some(({ request }) => request.id === opened.request.id),
    later: asked.filter(({ request }) => later.includes(request.id)),
    open: setOpened,
    close: () => {
      if (opened) setLater((before) => [...before, opened.request.id]);
      setOpened(undefined);
    },
  };
}

type Shown = { view: View; later: readonly Asked[]; onOpen: (asked: Asked) => void };

function Page({ view, later, onOpen }: Shown) {
  const { say, accounts, broken } = useApp();
  if (broken) return <Problem>{say("problem.storage")}</Problem>;
  if (accounts === undefined) return <Loader aria-label={say("loading")} />;
  if (view.name === "add") return <SetUp key={view.linked ?? ""} linked={view.linked} />;
  if (view.name === "repair") return <RepairNext />;
  const account = view.name === "account" && accounts.find(({ deviceId }) => deviceId === view.id);
  if (account) return <AccountPage account={account} />;
  return <Home later={later} onOpen={onOpen} />;
}

function Frame() {
  const view = useView();
  const { opened, over, later, open, close } = useOpened(view.name === "add");
  return (
    <Container size="30rem" className={styles.page}>
      <header className={styles.header}>
        <img src={mark} alt="" width="32" height="32" />
        <span className={styles.product}>Countersign</span>
      </header>
      <main className={styles.main}>
        {opened ? (
          <RequestPage key={opened.request.id} asked={opened} over={over} onDone={close} onLater={close} />
        ) : (
          <Page view={view} later={later} onOpen={open} />
        )}
      </main>
      {!opened && (
        <footer className={styles.footer}>
          <LanguageChoice />
        </footer>
      )}
    </Container>
  );
}

export const AuthenticatorApp = () => (
  <AppProvider>
    <Frame />
  </AppProvider>
);
