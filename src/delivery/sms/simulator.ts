import { z } from "zod";
import { readJson } from "../answer.ts";
import type { TextGateway } from "../gateway.ts";

/** The evaluation's simulated phones. Only there does anybody answer at this address, which no name server ever knows. */

export const simulatorUrl = "https://simulator.invalid";

export type SimulatedText = { id: string; to: string; from: string; text: string; reportUrl: string };

export const simulator: TextGateway = {
  id: "simulator",
  title: "The evaluation's simulated phones",
  options: z.strictObject({}),
  async send({ ask, callbackUrl }, { signal, ...text }) {
    const body = JSON.stringify({ ...text, callbackUrl });
    readJson(await ask({ method: "POST", url: `${simulatorUrl}/texts`, body, signal }));
    return { ref: text.id };
  },
};
