/** The forms of the wizard that registers a method. Must stay true: no route here decides; each calls one action. */

import { z } from "zod";
import type { Deps } from "#actions/deps.ts";
import { chooseKind, confirmKind, finishRegistering, giveNumber, givePasskeyMade } from "#actions/registering.ts";
import { givePhone, isPhoneKind } from "#actions/registering-phone.ts";
import { inviteApp } from "#actions/registering-app.ts";
import { giveToken } from "#actions/registering-token.ts";
import type { From, Step } from "#actions/sign-in.ts";
import type { Flow } from "#actions/sign-in-flow.ts";

export type Act = (flow: Flow, body: Record<string, string>, from: From) => Promise<Step | Flow>;

export type Define = (path: string, fields: Record<string, z.ZodType<string | undefined>>, act: Act) => void;

export function registerForms(define: Define, deps: Deps): void {
  const registering =
    (act: Act): Act =>
    async (flow, body, from) =>
      flow.registering ? await act(flow, body, from) : { flow };
  define(
    "/sign-in/register",
    { kind: z.string().max(20).optional() },
    registering(async (flow, { kind }) => {
      const chosen = await chooseKind(deps, flow, kind);
      return chosen.registering!.kind === "push" ? await inviteApp(deps, chosen) : chosen;
    }),
  );
  define(
    "/sign-in/register/number",
    { number: z.string().max(40), extension: z.string().max(40).optional() },
    registering(async (flow, { number, extension = "" }, from) => {
      const { kind } = flow.registering!;
      if (flow.open) return { flow };
      if (isPhoneKind(kind)) return await givePhone(deps, flow, { number: number!, extension, ...from });
      return kind === "sms" ? await giveNumber(deps, flow, { number: number!, clientIp: from.clientIp }) : { flow };
    }),
  );
  define(
    "/sign-in/register/token",
    { serial: z.string().max(64), code: z.string().max(64), next: z.string().max(64).optional() },
    registering(async (flow, { serial, code, next }) =>
      flow.registering!.kind === "token"
        ? await giveToken(deps, flow, { serial: serial!, codes: next ? [code!, next] : [code!] })
        : { flow },
    ),
  );
  define(
    "/sign-in/register/passkey",
    { passkey: z.string().max(32_768) },
    registering(async (flow, { passkey }) =>
      flow.registering!.kind === "passkey" ? await givePasskeyMade(deps, flow, passkey!) : { flow },
    ),
  );
  define(
    "/sign-in/register/confirm",
    { code: z.string().max(64) },
    registering(async (flow, { code }, { clientIp }) =>
      flow.registering!.sealed ? await confirmKind(deps, flow, { code: code!, clientIp }) : { flow },
    ),
  );
  define(
    "/sign-in/register/finish",
    {},
    registering(async (flow, _body, from) => await finishRegistering(deps, flow, from)),
  );
}
