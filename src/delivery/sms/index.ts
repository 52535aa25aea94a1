import type { TextGateway } from "../gateway.ts";
import { http } from "./http.ts";
import { simulator } from "./simulator.ts";

/** Who can carry texts: to add a vendor, add its file and its line. */
export const textGateways: ReadonlyMap<string, TextGateway> = new Map(
  ([http, simulator] as TextGateway[]).map((vendor) => [vendor.id, vendor]),
);
