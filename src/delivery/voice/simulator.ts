import { z } from "zod";
import { readJson } from "../answer.ts";
import { simulatorUrl } from "../sms/simulator.ts";
import type { VoiceGateway } from "../gateway.ts";

/** The evaluation's simulated phones, which tell of a call within the process: nobody calls back. */
export const simulator: VoiceGateway = {
  id: "simulator",
  title: "The evaluation's simulated phones",
  options: z.strictObject({}),
  speaks: true,
  async place({ ask, callbackUrl }, { signal, ...call }) {
    const body = JSON.stringify({ ...call, callbackUrl });
    readJson(await ask({ method: "POST", url: `${simulatorUrl}/calls`, body, signal }));
    return { ref: call.id };
  },
  callback: {
    check: () => false,
    read: () => undefined,
    render: () => ({ status: 204, type: "text/plain", body: "" }),
  },
};
