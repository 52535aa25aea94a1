import { verb, type Verb } from "./verb.ts";

/** What is done to all passkeys at once; a person's own are methods like any other. */

export const passkeyVerbs: Verb[] = [
  verb<"passkey-domain move">({
    path: "passkey-domain move",
    command: "passkey-domain move",
    summary: "before public-url gets another host name: passkeys of the old one work no more",
    example: "countersign passkey-domain move login.example.org",
    define: (one) => one.argument("<domain>", "the host name in the new public-url"),
    input: ([domain = ""]) => ({ domain }),
    show: ({ domain, working, waiting }) =>
      `Passkeys are for ${domain} now. ${working} work; ${waiting} do not, unless their domain comes back.`,
  }),
];
