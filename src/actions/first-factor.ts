import type { Primary } from "#core/case.ts";
import { AppError } from "#core/errors.ts";
import type { Application, Person } from "#core/facts.ts";
import { directoryIn } from "#core/first-factor.ts";
import { nameKey } from "#core/names.ts";
import type { Verdict } from "#directory/directory.ts";
import { clearBudget, giveBackTo, takeFrom } from "#store/throttle.ts";
import { keepAccount, type Owner } from "./accounts.ts";
import type { From } from "./asked.ts";
import type { Deps } from "./deps.ts";
import { openDirectories, type Opened } from "./directories.ts";
import { checkPassword, decoyBudget, passwordBudget, siteBudget } from "./passwords.ts";
import { namesOf } from "./rules.ts";

/**
 * The first factor, wherever the person is at home. Must stay true: a directory that does not answer is "unavailable",
 * which lets nobody in and keeps no local person out.
 */

type Asked = {
  application: Application;
  /** whom the typed name means here, if anyone */
  person: Person | undefined;
  username: string;
  password: string;
} & From;
/** `owner`: whom the directory's account is here; only with "right". `isGuess`: one directory called it wrong, whatever another knows. */
export type Checked = { verdict: Primary; owner?: Owner | undefined; isGuess?: boolean };

/** how long a refusal takes where it may come from a directory, so that its time tells nothing. */
const refusalMs = 1000;

export async function checkFirstFactor(deps: Deps, asked: Asked): Promise<Checked> {
  try {
    return await withinSite(deps, asked.site, async () => await checkAtHome(deps, asked));
  } catch (error) {
    deps.log.warn("a password could not be checked", { reason: error instanceof AppError ? error.code : "failed" });
    return { verdict: "unavailable" };
  }
}

async function checkAtHome(deps: Deps, asked: Asked): Promise<Checked> {
  const begun = deps.clock.now();
  const homes = await homesOf(deps, asked);
  if (homes === "here") return { verdict: await checkPassword(deps, asked) };
  const checked = await checkIn(deps, homes, asked);
  if (checked.verdict === "unknown" && !(await mayAskAgain(deps, asked))) checked.verdict = "throttled";
  if (checked.verdict !== "right") await deps.clock.sleep(Math.max(0, begun + refusalMs - deps.clock.now()));
  return checked;
}

/**
 * what a refusal costs where no password is looked at, so that neither its time nor what is counted tells who is disabled
 * or blocked.
 */
export async function refuseUnseen(deps: Deps, asked: Omit<Asked, "person">): Promise<Primary> {
  const nobody = { ...asked, person: undefined };
  const { verdict } = await withinSite(deps, asked.site, async () => {
    const homes = await homesOf(deps, nobody).catch(() => []);
    if (homes === "here") return { verdict: await checkPassword(deps, nobody) };
    await deps.clock.sleep(refusalMs);
    return { verdict: (await mayAskAgain(deps, nobody)) ? "unknown" : "throttled" };
  });
  return verdict;
}

/** A guess is paid for before it is looked at; what was no wrong guess gets its own back. */
async function withinSite(deps: Deps, site: string | undefined, check: () => Promise<Checked>): Promise<Checked> {
  if (site === undefined) return await check();
  const budget = siteBudget(deps, site);
  const relaxed = { relaxed: true };
  const isTaken = await deps.db.transaction((run) => takeFrom(run, budget, deps.clock.now()), relaxed);
  if (!isTaken) return { verdict: "throttled" };
  const checked = await check();
  if (checked.verdict !== "wrong" && checked.verdict !== "unknown" && !checked.isGuess)
    await deps.db.transaction((run) => giveBackTo(run, [budget.id]), relaxed);
  return checked;
}

/** As often as a wrong password of somebody's. */
const mayAskAgain = async (deps: Deps, asked: Asked): Promise<boolean> =>
  await deps.db.transaction((run) => takeFrom(run, decoyBudget(deps, asked), deps.clock.now()));

/** Who may say whether the password is right: we, or one of these directories. */
async function homesOf(deps: Deps, { application: { firstFactor }, person }: Asked): Promise<"here" | Opened[]> {
  const ours = typeof person?.passwordHash === "string";
  if (firstFactor === "local" || (firstFactor === "any" && ours)) return "here";
  const all = await openDirectories(deps);
  if (firstFactor === "any" && all.length === 0) return "here";
  const home = firstFactor === "any" ? person?.directoryId : undefined;
  const one = directoryIn(firstFactor);
  const homes = all.filter(({ id, name }) => id === (home ?? id) && name === (one ?? name));
  // a directory that is gone cannot say that the password is wrong
  if (homes.length === 0) throw new AppError("unavailable", "the directory is gone");
  return homes;
}

/** The first that knows the name speaks; of one that cannot be asked nobody knows what it would have said. */
async function checkIn(deps: Deps, directories: Opened[], asked: Asked): Promise<Checked> {
  let unavailable = false;
  for (const directory of directories) {
    const checked = await ask(deps, directory, asked);
    if (checked.verdict === "right") return checked;
    if (checked.verdict === "unavailable") unavailable = true;
    else if (checked.verdict !== "unknown")
      return unavailable ? { verdict: "unavailable", isGuess: checked.verdict === "wrong" } : checked;
  }
  return { verdict: unavailable ? "unavailable" : "unknown" };
}

async function ask(deps: Deps, directory: Opened, { username, password, source }: Asked): Promise<Checked> {
  const short = nameKey(username, namesOf(deps));
  if (short === undefined) return { verdict: "unknown" };
  const budgetOf = (key: string) => passwordBudget(deps, { of: `${directory.id} ${key}`, source });
  const verdict = await directory.check({
    name: { full: username.trim(), short },
    password,
    mayTry: async (key) => await deps.db.transaction((run) => takeFrom(run, budgetOf(key), deps.clock.now())),
  });
  tell(deps, directory, verdict);
  if (verdict.kind !== "right") return { verdict: verdict.kind };
  const { entry } = verdict;
  await deps.db.transaction((run) => clearBudget(run, budgetOf(entry.key).id));
  const owner = await keepAccount(deps, { directory, entry });
  return owner ? { verdict: "right", owner } : { verdict: "unknown" };
}

function tell(deps: Deps, { name }: Opened, verdict: Verdict): void {
  if (verdict.kind === "unavailable")
    deps.log.error("a directory cannot be asked", { directory: name, reason: verdict.reason });
  if (verdict.kind === "wrong")
    deps.log.info("a directory refused a password", { directory: name, reason: verdict.reason });
}
