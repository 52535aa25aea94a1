import { AppError } from "#core/errors.ts";
import { defaultSettings, settingsSchema, type SettingName, type Settings } from "#core/settings/index.ts";
import { readSettings, saveSetting } from "#store/settings.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";

/** Settings as an administrator reads and changes them; each change is in the audit with what was before. */

export type Setting = {
  name: string;
  value: Settings[SettingName];
  default: Settings[SettingName];
  changed: boolean;
  title: string;
  help: string;
};

export async function listSettings(deps: Deps): Promise<Setting[]> {
  const { values, set } = await readSettings(deps.db);
  return (Object.keys(settingsSchema.shape) as SettingName[]).map((name) => {
    const { title = name, help = "" } = (settingsSchema.shape[name].meta() ?? {}) as Partial<Setting>;
    const changedHere = set.includes(name);
    return { name, value: values[name], default: defaultSettings[name], changed: changedHere, title, help };
  });
}

export async function loadSetting(deps: Deps, name: string): Promise<Setting> {
  const setting = (await listSettings(deps)).find((one) => one.name === name);
  if (!setting) throw unknown(name);
  return setting;
}

/** `text` is JSON, or the plain text of a value: `SE`, `true`, `12`, `a.example,b.example`. */
export async function setSetting(
  deps: Deps,
  actor: Actor,
  { name, text }: { name: string; text: string },
): Promise<Setting> {
  const field = fieldOf(name);
  const asJson = json(text);
  const readings = [...(asJson === undefined ? [] : [asJson]), text, text.split(",").map((part) => part.trim())];
  const parsed = readings.map((reading) => field.safeParse(reading));
  const fits = parsed.find((one) => one.success);
  if (!fits) {
    // a list says which of its places is wrong; what is no list, that it is none
    const told = Array.isArray(defaultSettings[name as SettingName]) ? parsed.at(-1) : parsed[0];
    const issues = told?.error?.issues ?? [];
    throw new AppError("invalid", `${name}: ${issues.map(({ message }) => message).join("; ")}`);
  }
  return await change(deps, actor, { name, value: fits.data });
}

export async function unsetSetting(deps: Deps, actor: Actor, name: string): Promise<Setting> {
  fieldOf(name);
  return await change(deps, actor, { name, value: undefined });
}

async function change(
  deps: Deps,
  actor: Actor,
  { name, value }: { name: string; value: Settings[SettingName] | undefined },
): Promise<Setting> {
  const before = await loadSetting(deps, name);
  const { values } = await readSettings(deps.db);
  const whole = settingsSchema.safeParse({ ...values, [name]: value ?? before.default });
  if (!whole.success) throw new AppError("invalid", whole.error.issues.map(({ message }) => message).join("; "));
  await changed(deps, actor, async (run) => {
    await saveSetting(run, { name, value, at: deps.clock.now() });
    const detail = { name, from: before.value, to: value ?? before.default };
    return { value: undefined, result: value === undefined ? "SETTING_RESET" : "SETTING_CHANGED", detail };
  });
  await deps.settings.reload();
  return await loadSetting(deps, name);
}

const unknown = (name: string) => new AppError("not_found", `there is no setting ${name}`);

function fieldOf(name: string) {
  if (!Object.hasOwn(settingsSchema.shape, name)) throw unknown(name);
  return settingsSchema.shape[name as SettingName];
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
