// What every part of the page shares: the words, what the server says, and changes. A change that needs its person to verify
// first sends them there and is made when they are back; it is never sent there twice.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { AccountProblem, openAccount } from "../../sdk/src/account.ts";
import type { Language } from "../parts/language.ts";
import { keepIntent, takeIntent, type Intent, type Repeatable } from "./intent.ts";
import { dictionaries, type Say, type Word } from "./words.ts";

export const account = openAccount();
/** Taken before anything is drawn, so that it is made once. */
const kept = takeIntent();

export type Told = { fine: boolean; text: string };
type Changes = {
  language: Language;
  say: Say;
  told: Told | undefined;
  busy: boolean;
  /** of a sheet that was made just now */
  codes: string[] | undefined;
  forgetCodes: () => void;
  /** What may be replaced now, as its person has just verified. */
  confirmed: string | undefined;
  tell: (told: Told | undefined) => void;
  /** Gives whether it was done. */
  change: (name: Repeatable, ...args: (string | null)[]) => Promise<boolean>;
  /** The same for what is not repeated after verifying. */
  attempt: (done: Word | undefined, work: () => Promise<unknown>) => Promise<boolean>;
};
const Context = createContext<Changes | undefined>(undefined);

export function useAccount(): Changes {
  const changes = use(Context);
  if (!changes) throw new Error("not on the account's page");
  return changes;
}

/** Without a session there is nothing to show here. */
async function orSignIn<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AccountProblem && error.problem.status === 401 && error.problem.location === undefined)
      location.assign("/sign-in");
    throw error;
  }
}

export const useMe = () => useQuery({ queryKey: ["me"], queryFn: () => orSignIn(account.me) });
export const useMethods = () => useQuery({ queryKey: ["methods"], queryFn: () => orSignIn(account.methods) });
export const useApps = () => useQuery({ queryKey: ["apps"], queryFn: () => orSignIn(account.apps) });
export const useSessions = () => useQuery({ queryKey: ["sessions"], queryFn: () => orSignIn(account.sessions) });
export const useDevices = () => useQuery({ queryKey: ["devices"], queryFn: () => orSignIn(account.devices) });

function problemWord({ problem }: AccountProblem): Word {
  const word = `problem.${problem.reason}`;
  if (problem.reason !== undefined && Object.hasOwn(dictionaries.en, word)) return word as Word;
  return problem.status === 404 ? "problem.gone" : "problem.other";
}

type Call = (...args: (string | null)[]) => Promise<unknown>;

/** `away`: who has to verify first is sent to do so. */
function useAttempts(say: Say) {
  const queries = useQueryClient();
  const [told, tell] = useState<Told>();
  const [busy, setBusy] = useState(false);
  const attempt = useCallback(
    async (done: Word | undefined, work: () => Promise<unknown>, away = true) => {
      setBusy(true);
      tell(undefined);
      try {
        await orSignIn(work);
        if (done) tell({ fine: true, text: say(done) });
        return true;
      } catch (error) {
        if (!(error instanceof AccountProblem)) throw error;
        const to = error.problem.location;
        if (to === undefined) tell({ fine: false, text: say(problemWord(error)) });
        else if (away) location.assign(to);
        else tell({ fine: false, text: say("problem.unconfirmed") });
        return false;
      } finally {
        setBusy(false);
        // what was asked before the change may be answered as it was then
        await queries.cancelQueries();
        await queries.invalidateQueries();
      }
    },
    [queries, say],
  );
  return { told, tell, busy, attempt };
}

function useChanges(language: Language, say: Say): Changes {
  const { told, tell, busy, attempt } = useAttempts(say);
  const { data: me } = useMe();
  const [codes, setCodes] = useState<string[]>();
  const [confirmed, setConfirmed] = useState<string>();

  const make = useCallback(async ({ name, args }: Pick<Intent, "name" | "args">) => {
    const made = await (account[name] as Call)(...args);
    if (name === "renewCodes") setCodes(made as string[]);
    setConfirmed(name === "confirm" ? (args[0] ?? undefined) : undefined);
  }, []);

  const change: Changes["change"] = async (name, ...args) =>
    await attempt(name === "confirm" ? undefined : `done.${name}`, async () => {
      try {
        await make({ name, args });
      } catch (error) {
        const away = error instanceof AccountProblem && error.problem.location !== undefined;
        if (away && me) keepIntent({ name, args, username: me.username, at: Date.now() });
        throw error;
      }
    });

  const waiting = useRef(kept);
  useEffect(() => {
    const intent = waiting.current;
    if (!intent || !me) return;
    waiting.current = undefined;
    // who came back without having verified would be sent away again and again
    if (intent.username === me.username) void attempt(`done.${intent.name}`, () => make(intent), false);
  }, [me, attempt, make]);

  const forgetCodes = () => setCodes(undefined);
  return { language, say, told, busy, codes, forgetCodes, confirmed, tell, change, attempt };
}

export function ChangesProvider({ language, say, children }: { language: Language; say: Say; children: ReactNode }) {
  return <Context value={useChanges(language, say)}>{children}</Context>;
}
