/** A remote home of people and passwords, as actions see it. A kind of directory is one file that exports how to open it. */

export type DirectorySettings = {
  /** servers, in the order in which they are asked */
  urls: string[];
  base: string;
  bindDn: string;
  bindPassword: string;
  /** PEM of whoever may vouch for the servers; none: the authorities that Node knows */
  ca: string | null;
};

/** `full`: as it was typed; `short`: without its domain, in small letters. */
export type Name = { full: string; short: string };

/** One account. `key` is never given to another one, not even after this one is removed. */
export type Entry = {
  key: string;
  username: string;
  displayName: string | undefined;
  firstName: string | undefined;
  lastName: string | undefined;
  email: string | undefined;
  mobilePhone: string | undefined;
  groups: string[];
};

/** `reason` is for the log; it never holds what was typed. */
export type Verdict =
  | { kind: "right"; entry: Entry }
  | { kind: "wrong" | "unavailable"; reason: string }
  | { kind: "unknown" | "throttled" };

/** `mayTry` is asked before the password is tried, by the account's key: all its names share its tries. */
export type Checking = { name: Name; password: string; mayTry: (key: string) => Promise<boolean> };

/** One step of a trial; after a `problem` nothing more is asked of the server. */
export type Step = { server: string; step: string; ms: number; problem?: string };

export type Directory = {
  /** Takes five seconds at most, whatever the servers do. */
  check: (asked: Checking) => Promise<Verdict>;
  /** Asks every server, for the person if one is named. */
  test: (name?: Name) => Promise<Step[]>;
};

export type OpenDirectory = (settings: DirectorySettings) => Directory;
