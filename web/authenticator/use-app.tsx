// What every part of the app shares: the words, the accounts, and what waits for an answer. Asked when the app opens, when it is
// looked at again, when the server or the service worker says so, and by the button; between, the server's stream is open.
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import type { Language } from "../parts/language.ts";
import { askWaiting, DeviceProblem, type Pending, type Standing } from "./device.ts";
import { listen } from "./events.ts";
import { listAccounts, readChoice, saveChoice, type Account } from "./keep.ts";
import { closeNotifications } from "./push.ts";
import { renewSubscription } from "./subscription.ts";
import { languageOf, sayIn, type Say } from "./words.ts";

/** A request, and whose it is. */
export type Asked = { account: Account; request: Pending; standing: Standing };
type State = {
  /** undefined: not read yet */
  accounts: Account[] | undefined;
  asked: Asked[];
  offline: boolean;
  /** the browser keeps nothing for this app */
  broken: boolean;
  offsetMs: number;
};
export type App = State & {
  language: Language;
  chosen: Language | undefined;
  say: Say;
  busy: boolean;
  choose: (language: Language | undefined) => void;
  refresh: () => Promise<void>;
};

const Context = createContext<App | undefined>(undefined);
export function useApp(): App {
  const app = use(Context);
  if (!app) throw new Error("not in the app");
  return app;
}

type Seen = { asked: Asked[]; offline: boolean };

async function look(account: Account): Promise<Seen> {
  if (account.state === "proving") return { asked: [], offline: false };
  try {
    const { requests, account: standing } = await askWaiting(account);
    return { asked: requests.map((request) => ({ account, request, standing })), offline: false };
  } catch (error) {
    if (!(error instanceof DeviceProblem)) throw error;
    return { asked: [], offline: error.code === "offline" };
  }
}

async function lookAtAll(): Promise<State> {
  const before = await listAccounts();
  const seen = await Promise.all(before.map(look));
  const asked = seen.flatMap((one) => one.asked).toSorted((one, other) => one.request.at - other.request.at);
  const offline = seen.some((one) => one.offline);
  if (!offline) await closeNotifications(asked.map(({ request }) => request.id));
  return {
    // read again: an answer may have changed one
    accounts: await listAccounts(),
    asked,
    offline,
    broken: false,
    offsetMs: (await readChoice("offsetMs")) ?? 0,
  };
}

const pauseMs = 5000;

/** The stream is opened again after every end for as long as the account is looked at. */
async function follow(account: Account, { signal, onEvent }: { signal: AbortSignal; onEvent: () => void }) {
  while (!signal.aborted) {
    try {
      for await (const { name } of listen(account, signal)) if (name !== "validate") onEvent();
    } catch (error) {
      if (error instanceof DeviceProblem && error.code.startsWith("device_")) return;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (!signal.aborted) onEvent();
  }
}

/** Whether the app is on the screen. */
function useVisible(): boolean {
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const changed = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", changed);
    return () => document.removeEventListener("visibilitychange", changed);
  }, []);
  return visible;
}

const unread: State = { accounts: undefined, asked: [], offline: false, broken: false, offsetMs: 0 };

function useLooking() {
  const [state, setState] = useState(unread);
  const [busy, setBusy] = useState(false);
  const latest = useRef(0);
  const refresh = useCallback(async () => {
    const mine = ++latest.current;
    setBusy(true);
    const seen = await lookAtAll();
    // what was asked later is newer
    if (mine !== latest.current) return;
    setState(seen);
    setBusy(false);
  }, []);

  const visible = useVisible();
  useEffect(() => {
    if (!visible) return;
    const told = () => void refresh();
    const begin = async () => {
      const accounts = await listAccounts();
      // codes are shown before any server has answered
      setState((before) => ({ ...before, accounts }));
      told();
      await navigator.serviceWorker.ready.then(renewSubscription).catch(() => undefined);
    };
    begin().catch(() => setState((before) => ({ ...before, broken: true })));
    navigator.serviceWorker.addEventListener("message", told);
    addEventListener("online", told);
    return () => {
      navigator.serviceWorker.removeEventListener("message", told);
      removeEventListener("online", told);
    };
  }, [visible, refresh]);

  const ids = (state.accounts ?? []).filter(({ state: now }) => now === "active").map(({ deviceId }) => deviceId);
  const followed = visible ? ids.join() : "";
  useEffect(() => {
    if (followed === "") return;
    const ending = new AbortController();
    void listAccounts().then((accounts) => {
      for (const account of accounts.filter(({ deviceId }) => followed.split(",").includes(deviceId)))
        void follow(account, { signal: ending.signal, onEvent: () => void refresh() });
    });
    return () => ending.abort();
  }, [followed, refresh]);
  return { ...state, busy, refresh };
}

export function AppProvider({ children }: { children: ReactNode }) {
  const looking = useLooking();
  const [chosen, setChosen] = useState<Language>();
  useEffect(() => void readChoice("language").then(setChosen), []);
  const choose = useCallback((language: Language | undefined) => {
    setChosen(language);
    void saveChoice("language", language);
  }, []);
  const language = languageOf(chosen);
  const say = sayIn(language);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = say("title");
  }, [language, say]);
  const app = useMemo(() => ({ ...looking, language, chosen, say, choose }), [looking, language, chosen, say, choose]);
  return <Context value={app}>{children}</Context>;
}

/** The server's time, again every second. */
export function useMoment(): number {
  const { offsetMs } = useApp();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now + offsetMs;
}
