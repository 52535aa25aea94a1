import type { Method } from "./method.ts";
import { sms } from "./sms.ts";
import { totp } from "./totp.ts";

/** Every way of verifying a person, best first. To add one, write its file and name it here. */
export const methods: ReadonlyMap<string, Method> = new Map([totp, sms].map((method) => [method.id, method]));
