import type { Me, OwnSignIn } from "../../sdk/src/account.ts";
import styles from "./account.module.css";
import { Moment } from "./parts.tsx";
import { useAccount } from "./use-account.tsx";
import { ofKind, type Say } from "./words.ts";

function sentence(say: Say, { outcome, reason, application, method }: OwnSignIn): string {
  const values = { application: application ?? say("history.own"), method: say(ofKind("by", method)) };
  if (outcome === "refused") return say(`history.refused.${reason ?? "other"}`, values);
  return say(outcome === "let_in" || method === null ? "history.let_in" : "history.verified", values);
}

function supportOf(say: Say, { support }: Me): string {
  const ways = [support.phone, support.email, support.hours].filter((way) => way !== "").join(", ");
  return (support.name || say("support")) + (ways === "" ? "" : ` (${ways})`);
}

/** Each with what to do if it was somebody else. */
export function SignIns({ signIns, me }: { signIns: OwnSignIn[]; me: Me }) {
  const { say } = useAccount();
  if (signIns.length === 0) return <p>{say("history.none")}</p>;
  return (
    <ul className={styles.events}>
      {signIns.map((signIn) => (
        <li key={signIn.id}>
          <p>{sentence(say, signIn)}</p>
          <p className={styles.soft}>
            <Moment at={signIn.at} />
            {signIn.clientIp !== null && ` ${say("history.from", { address: signIn.clientIp })}`}
          </p>
          <details>
            <summary>{say("history.you")}</summary>
            <p>{say("history.yes")}</p>
            <p>{say("history.no", { support: supportOf(say, me) })}</p>
            <p className={styles.links}>
              <a href="#security">{say("password.change")}</a>
              <a href="#devices">{say("devices.endAll")}</a>
            </p>
          </details>
        </li>
      ))}
    </ul>
  );
}
