// One phone: whose it is, its screen (a call, or what came and was sent), and its network.
import { Badge } from "@mantine/core";
import { CallScreen } from "./call.tsx";
import { Conversation } from "./conversation.tsx";
import { Network } from "./network.tsx";
import styles from "./phone.module.css";
import type { Phone } from "./phones.ts";
import { useWords } from "./use-words.ts";

export const phoneId = (number: string) => `phone-${number.replace("+", "")}`;

/** What its network does to it, where that is out of the ordinary. */
function State({ switches: { texts, delaySeconds, calls } }: Pick<Phone, "switches">) {
  const { say } = useWords();
  const states = [
    ...(calls === "ring" ? [] : [say(`network.is.${calls}`)]),
    ...(texts === "at_once" ? [] : [say(`network.is.${texts}`, { seconds: delaySeconds })]),
  ];
  return states.map((state) => (
    <Badge key={state} variant="default" className={styles.state!}>
      {state}
    </Badge>
  ));
}

export function PhoneFrame({ phone }: { phone: Phone }) {
  const { say } = useWords();
  const { number, name, call } = phone;
  return (
    <section id={phoneId(number)} tabIndex={-1} className={styles.phone} aria-label={say("phone.of", { number })}>
      <header className={styles.owner}>
        <h2>
          <bdi>{number}</bdi>
        </h2>
        {name !== undefined && <p>{name}</p>}
        <State switches={phone.switches} />
      </header>
      <div className={styles.screen}>
        {call ? <CallScreen key={call.id} number={number} call={call} /> : <Conversation phone={phone} />}
      </div>
      <Network phone={phone} />
    </section>
  );
}
