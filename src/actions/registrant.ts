import { AppError } from "#core/errors.ts";
import { methods } from "#core/methods/index.ts";
import type { Registrant, RegistrationRules } from "#core/registration.ts";
import { listFactors } from "#store/factors.ts";
import { findRegistrant, type RegistrantRow } from "#store/registrations.ts";
import type { Deps } from "./deps.ts";
import { methodsOff } from "./rules.ts";

/** A person as the question "must they register a method, and may they?" sees them. */

export async function loadRegistrant(deps: Deps, userId: string): Promise<RegistrantRow & Registrant> {
  const [person, factors] = await Promise.all([findRegistrant(deps.db, userId), listFactors(deps.db, [userId])]);
  if (!person) throw new AppError("not_found", "this person is not there any more");
  const now = deps.clock.now();
  const alive = factors.filter(
    (factor) => !methods.get(factor.method)?.over?.(factor) && (factor.expiresAt === null || factor.expiresAt > now),
  );
  return { ...person, methods: alive.map((factor) => factor.method) };
}

export function registrationRules(deps: Deps): RegistrationRules {
  const settings = deps.settings.values();
  return {
    requiredGroups: settings["registration.required-groups"],
    selfServiceReset: settings["reset.self-service"],
    passwordDays: settings["registration.password-days"],
    off: methodsOff(settings),
    phoneNeedsAnother: settings["phone.needs-another-method"],
    phoneForbidden: settings["phone.forbidden-groups"],
  };
}
