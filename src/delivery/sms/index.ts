import type { TextGateway } from "../gateway.ts";
import { elks } from "./elks.ts";
import { http } from "./http.ts";
import { simulator } from "./simulator.ts";
import { twilio } from "./twilio.ts";

/** Who can carry texts: to add a vendor, add its file and its line. */
export const textGateways: ReadonlyMap<string, TextGateway> = new Map(
  ([twilio, elks, http, simulator] as TextGateway[]).map((vendor) => [vendor.id, vendor]),
);
