import type { VoiceGateway } from "../gateway.ts";
import { elks } from "./elks.ts";
import { simulator } from "./simulator.ts";
import { twilio } from "./twilio.ts";

/** Who can carry calls: to add a vendor, add its file and its line. */
export const voiceGateways: ReadonlyMap<string, VoiceGateway> = new Map(
  ([twilio, elks, simulator] as VoiceGateway[]).map((vendor) => [vendor.id, vendor]),
);
