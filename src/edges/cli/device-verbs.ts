import { renderUnicodeCompact } from "uqr";
import { details, lines, time } from "./output.ts";
import { why, type Why } from "./people-verbs.ts";
import { verb, type Verb } from "./verb.ts";

/** Authenticator apps: binding one more, and those there are. */

export const deviceVerbs: Verb[] = [
  verb<"method add-authenticator", Why>({
    path: "method add-authenticator",
    command: "method add-authenticator",
    summary: "let a person bind the authenticator app on one more device, within ten minutes",
    example: "countersign method add-authenticator anna",
    define: (one) => why(one.argument("<username>")),
    input: ([username = ""], { reason }) => ({ username, reason }),
    show: ({ username, link, code, expiresAt }) =>
      lines(
        [
          details({ for: username, link, code, until: time(expiresAt) }),
          "The phone's camera reads this; or the link is opened there, or name and code are typed in the app.",
          renderUnicodeCompact(link),
        ].join("\n\n"),
      ),
  }),
];
