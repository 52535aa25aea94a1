/** Texts through 46elks. Facts: 46elks.se/docs/send-sms, …/sms-delivery-reports, …/receive-sms. */

import { readJson } from "../answer.ts";
import { elksCost, elksHeaders, elksOptions, elksUrl, isFromElks, type ElksOptions } from "../elks.ts";
import { Undelivered, type TextGateway } from "../gateway.ts";

export const elks: TextGateway<ElksOptions> = {
  id: "46elks",
  title: "46elks",
  options: elksOptions,
  async send({ options, ask }, { to, from, text, reportUrl, signal }) {
    // the text is not kept in their log: it holds a code
    const fields = { from, to, message: text, whendelivered: reportUrl, dontlog: "message" };
    const answer = await ask({
      method: "POST",
      url: elksUrl(options, "sms"),
      headers: elksHeaders(options),
      body: new URLSearchParams(fields).toString(),
      signal,
    });
    const { id, status, cost } = readJson(answer);
    if (status === "failed") throw new Undelivered("refused", { sure: true, messageOnly: true });
    if (typeof id !== "string") throw new Undelivered("the answer has no id", { sure: false });
    const costMicros = elksCost(cost);
    return { ref: id, ...(costMicros !== undefined && { costMicros, currency: options.currency }) };
  },
  callback: {
    check: isFromElks,
    read({ body }) {
      const form = new URLSearchParams(body.toString());
      const ref = form.get("id");
      const [from, to, text] = [form.get("from"), form.get("to"), form.get("message")];
      if (ref === null) return undefined;
      if (form.get("direction") === "incoming" && from !== null && to !== null && text !== null)
        return { kind: "reply", id: ref, from, to, text, ...timeIn(form.get("created")) };
      const status = form.get("status");
      if (status !== "delivered" && status !== "failed") return undefined;
      return { kind: "status", id: `${ref} ${status}`, ref, state: status };
    },
    // 200 to 204 or they come again for hours; a body would go to the person as a text
    answer: { status: 204, type: "text/plain", body: "" },
  },
};

/** UTC, without saying so. */
function timeIn(created: string | null): { at?: number } {
  const at = Date.parse(`${created}Z`);
  return Number.isNaN(at) ? {} : { at };
}
