import type { Method } from "./method.ts";
import { hotp } from "./hotp.ts";
import { passkey } from "./passkey.ts";
import { push } from "./push.ts";
import { recovery } from "./recovery.ts";
import { sms, smsReply } from "./sms.ts";
import { tap } from "./tap.ts";
import { totp } from "./totp.ts";
import { voice } from "./voice.ts";

/** Every way of verifying a person, best first. To add one, write its file and name it here. */
export const methods: ReadonlyMap<string, Method> = new Map(
  [passkey, push, totp, hotp, sms, voice, smsReply, tap, recovery].map((method) => [method.id, method]),
);
