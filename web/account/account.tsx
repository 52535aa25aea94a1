// The frame of the account's page: whose it is, its sections, and what came of the last change. Sections are behind "#", so that
// each has an address, and those that are not on the first screen are loaded when they are wanted.
import { Alert, Button, Container, Loader } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import type { ReactNode } from "react";
import type { Me } from "../../sdk/src/account.ts";
import { chooseLanguage } from "../parts/language.ts";
import mark from "../parts/mark.svg";
import styles from "./account.module.css";
import { Overview } from "./overview.tsx";
import { ChangesProvider, useAccount, useMe } from "./use-account.tsx";
import { Shown } from "./shown.tsx";
import { sayIn } from "./words.ts";

const History = lazy(async () => ({ default: (await import("./history.tsx")).History }));
const Devices = lazy(async () => ({ default: (await import("./devices.tsx")).Devices }));
const Security = lazy(async () => ({ default: (await import("./security.tsx")).Security }));

const sections = ["methods", "history", "devices", "security"] as const;
type Section = (typeof sections)[number];
const here = (): Section => sections.find((section) => `#${section}` === location.hash) ?? "methods";

function useSection(): Section {
  const [section, setSection] = useState(here);
  useEffect(() => {
    const changed = () => setSection(here());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return section;
}

function Header({ me }: { me: Me }) {
  const { say } = useAccount();
  return (
    <header className={styles.header}>
      <img src={mark} alt="" width="32" height="32" />
      <span className={styles.organisation}>{me.organisation}</span>
      <span className={styles.who}>{me.displayName ?? me.username}</span>
      <form method="post" action="/sign-out">
        <Button type="submit" variant="default">
          {say("signOut")}
        </Button>
      </form>
    </header>
  );
}

function Sections({ section }: { section: Section }) {
  const { say } = useAccount();
  return (
    <nav aria-label={say("nav")} className={styles.nav}>
      {sections.map((one) => (
        <a key={one} href={`#${one}`} {...(one === section && { "aria-current": "page" as const })}>
          {say(`nav.${one}`)}
        </a>
      ))}
    </nav>
  );
}

/** What came of the last change; read out when it appears. */
function Told() {
  const { told } = useAccount();
  return (
    <div aria-live="polite">
      {told && (
        <Alert variant="default" className={`${styles.told} ${told.fine ? styles.done : styles.problem}`}>
          {told.text}
        </Alert>
      )}
    </div>
  );
}

function Wait() {
  const { say } = useAccount();
  return <Loader aria-label={say("loading")} />;
}

function Page() {
  const { say, language } = useAccount();
  const me = useMe();
  const section = useSection();
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${say("title")} · ${me.data?.organisation ?? "Countersign"}`;
  }, [language, say, me.data]);
  return (
    <Container component="main" size="56rem" className={styles.page}>
      <Shown query={me}>
        {(known) => (
          <>
            <Header me={known} />
            <div>
              <Sections section={section} />
              <Told />
            </div>
            <Suspense fallback={<Wait />}>
              {section === "methods" && <Overview me={known} />}
              {section === "history" && <History me={known} />}
              {section === "devices" && <Devices />}
              {section === "security" && <Security me={known} />}
            </Suspense>
          </>
        )}
      </Shown>
    </Container>
  );
}

const queries = new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 30_000 } } });

function Language({ children }: { children: ReactNode }) {
  const me = useMe();
  const language = chooseLanguage(me.data?.language ? [me.data.language] : navigator.languages);
  return (
    <ChangesProvider language={language} say={sayIn(language)}>
      {children}
    </ChangesProvider>
  );
}

export function AccountPage() {
  return (
    <QueryClientProvider client={queries}>
      <Language>
        <Page />
      </Language>
    </QueryClientProvider>
  );
}
