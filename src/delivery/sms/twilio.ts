/** Texts through Twilio, and vendors that speak as it does. Facts: twilio.com/docs/messaging/api/message-resource, …/guides/track-outbound-message-status. */

import type { TextGateway } from "../gateway.ts";
import {
  formOf,
  isTwilioSigned,
  sidIn,
  twilioHeaders,
  twilioOptions,
  twilioUrl,
  type TwilioOptions,
} from "../twilio.ts";

/** Of the states that a message goes through, those at which it stays. */
const ends: Record<string, "delivered" | "failed"> = {
  delivered: "delivered",
  read: "delivered",
  undelivered: "failed",
  failed: "failed",
};

export const twilio: TextGateway<TwilioOptions> = {
  id: "twilio",
  title: "Twilio, and vendors that speak as it does",
  options: twilioOptions,
  async send({ options, ask }, { to, from, text, reportUrl, signal }) {
    const answer = await ask({
      method: "POST",
      url: twilioUrl(options, "Messages"),
      headers: twilioHeaders(options),
      body: new URLSearchParams({ To: to, From: from, Body: text, StatusCallback: reportUrl }).toString(),
      signal,
    });
    return { ref: sidIn(answer) };
  },
  callback: {
    check: isTwilioSigned,
    read(request) {
      const form = formOf(request);
      const ref = form.get("MessageSid");
      const [from, to, text] = [form.get("From"), form.get("To"), form.get("Body")];
      const status = form.get("MessageStatus");
      if (ref === null) return undefined;
      // a reply has no MessageStatus; its SmsStatus is "received"
      if (status === null && from !== null && to !== null && text !== null)
        return { kind: "reply", id: ref, from, to, text };
      const state = ends[status ?? ""];
      if (!state) return undefined;
      const code = form.get("ErrorCode");
      return { kind: "status", id: `${ref} ${status}`, ref, state, ...(code && { reason: `error ${code}` }) };
    },
    // what else is answered would be sent to the person as a text
    answer: { status: 200, type: "text/xml", body: "<Response/>" },
  },
};
