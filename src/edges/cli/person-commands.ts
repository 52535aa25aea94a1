/** The commands about people: who they are, their methods, and what the help desk does for them. */

import { z } from "zod";
import { AppError } from "#core/errors.ts";
import type { Deps } from "#actions/deps.ts";
import { erasePerson, exportPerson } from "#actions/erase.ts";
import { addApp, listMethods, removeMethod, unlockMethods } from "#actions/factors.ts";
import { issueTap, requireRegistration, resetPassword, revokeDevices, revokeSessions } from "#actions/help-desk.ts";
import { addPhone, phoneMethods } from "#actions/phone-methods.ts";
import { revealNumbers, showPerson } from "#actions/person-shown.ts";
import {
  addPerson,
  changePerson,
  listPersons,
  loadPerson,
  removePerson,
  setPassword,
  setState,
} from "#actions/people.ts";
import { importPeople } from "#actions/people-import.ts";
import { expirePin, generatePin, setPin } from "#actions/pins.ts";
import { changeableColumns, columns, states } from "#actions/person-fields.ts";
import { resynchroniseMethod } from "#actions/token-resync.ts";
import { command, limit, name, text } from "./command.ts";

const username = z.strictObject({ username: name });
/** why it is done, for the log */
const asked = username.extend({ reason: z.string().min(1).max(1000).optional() });
const textsOf = <C extends string>(names: readonly C[]) =>
  Object.fromEntries(names.map((column) => [column, text.optional()])) as Record<C, z.ZodOptional<typeof text>>;
const fields = textsOf(columns);
const changeable = textsOf(changeableColumns);

export const personCommands = {
  "user add": command({
    input: z.strictObject({ ...fields, text: z.boolean().optional() }),
    run: async (deps, input) => await addPerson(deps, "cli", input),
  }),
  "user set": command({
    input: asked.extend({ fields: z.strictObject(changeable) }),
    run: async (deps, input) => await changePerson(deps, "cli", input),
  }),
  "user import": command({
    input: z.strictObject({}),
    run: async (deps, _input, extra) => await importPeople(deps, "cli", extra),
  }),
  "user list": command({
    input: z.strictObject({ after: name.optional(), limit, phoneOnly: z.boolean().optional() }),
    run: async (deps, input) => await listPersons(deps, input),
  }),
  "user show": command({
    input: username.extend({ reveal: z.literal("phone").optional(), reason: z.string().min(1).max(1000).optional() }),
    run: async (deps, { username: who, reveal, reason }) => {
      if (reveal === undefined) return await showPerson(deps, who);
      if (reason === undefined) throw new AppError("usage", "reason: is missing; it goes to the log");
      const { methods, ...numbers } = await revealNumbers(deps, "cli", { username: who, reason });
      const shown = await showPerson(deps, who);
      const whole = new Map(methods.map(({ id, number }) => [id, number]));
      return {
        ...shown,
        ...numbers,
        methods: shown.methods.map((one) => ({ ...one, sentTo: whole.get(one.id) ?? one.sentTo })),
      };
    },
  }),
  "user remove": command({
    input: asked,
    run: async (deps, input) => await removePerson(deps, "cli", input),
  }),
  "user set-password": command({
    input: asked.extend({ password: text }),
    run: async (deps, input) => await setPassword(deps, "cli", input),
  }),
  "user reset-password": command({
    input: asked.extend({ password: text.optional() }),
    run: async (deps, input) => await resetPassword(deps, "cli", input),
  }),
  "user pin": command({
    input: asked.extend({ pin: text.optional(), how: z.enum(["set", "generate", "expire"]) }),
    run: async (deps, { pin = "", how, ...input }): Promise<{ id: string; pin?: string }> => {
      if (how === "set") return await setPin(deps, "cli", { ...input, pin });
      return how === "expire" ? await expirePin(deps, "cli", input) : await generatePin(deps, "cli", input);
    },
  }),
  "user set-state": command({
    input: asked.extend({ state: z.enum(states) }),
    run: async (deps, input) => await setState(deps, "cli", input),
  }),
  "user require-registration": command({
    input: asked.extend({ windowHours: z.int().optional() }),
    run: async (deps, input) => await requireRegistration(deps, "cli", input),
  }),
  "user tap": command({
    input: asked.extend({ hours: z.int().optional() }),
    run: async (deps, input) => await issueTap(deps, "cli", input),
  }),
  "user revoke-sessions": command({
    input: asked,
    run: async (deps, input) => await revokeSessions(deps, "cli", input),
  }),
  "user revoke-devices": command({
    input: asked,
    run: async (deps, input) => await revokeDevices(deps, "cli", input),
  }),
  "user export": command({
    input: username,
    run: async (deps, input) => await exportPerson(deps, "cli", await idOf(deps, input.username)),
  }),
  "user erase": command({
    input: asked.required(),
    run: async (deps, { username: who, reason }) => {
      const userId = await idOf(deps, who);
      await erasePerson(deps, "cli", { userId, reason });
      return { id: userId };
    },
  }),
  "method list": command({
    input: username,
    run: async (deps, input) => ({ methods: await listMethods(deps, input.username) }),
  }),
  "method add-app": command({
    input: asked.extend({
      name: name.optional(),
      secret: text.optional(),
      // nothing else is enrolled
      digits: z.literal([6, 7, 8]).optional(),
      period: z.literal([30, 60]).optional(),
      algorithm: z.enum(["sha1", "sha256", "sha512"]).optional(),
    }),
    run: async (deps, input) => await addApp(deps, "cli", input as Parameters<typeof addApp>[2]),
  }),
  "method add-phone": command({
    input: asked.extend({
      by: z.enum(Object.keys(phoneMethods) as (keyof typeof phoneMethods)[]),
      number: text,
      backupNumber: text.optional(),
      name: name.optional(),
    }),
    run: async (deps, input) => await addPhone(deps, "cli", input),
  }),
  "method remove": command({
    input: asked.extend({ method: name }),
    run: async (deps, input) => await removeMethod(deps, "cli", input),
  }),
  "method unlock": command({
    input: asked.extend({ method: name.optional() }),
    run: async (deps, input) => await unlockMethods(deps, "cli", input),
  }),
  "method resync": command({
    input: asked.extend({ method: name, codes: z.array(z.string().max(20)).min(2).max(3) }),
    run: async (deps, input) => await resynchroniseMethod(deps, "cli", input),
  }),
};

/** By name, or by the id that the log still has of someone who was removed. */
const idOf = async (deps: Deps, who: string): Promise<string> =>
  who.startsWith("usr_") ? who : (await loadPerson(deps, who)).id;
