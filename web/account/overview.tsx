// The first screen: how well the sign-in is protected, by what, and what happened lately.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Me, OwnMethod } from "../../sdk/src/account.ts";
import styles from "./account.module.css";
import { Methods } from "./methods.tsx";
import { Section } from "./parts.tsx";
import { Shown } from "./shown.tsx";
import { SignIns } from "./sign-ins.tsx";
import { account, useAccount, useMethods } from "./use-account.tsx";
import { ofKind } from "./words.ts";

const marks = { strong: "✓", fine: "✓", weak: "!" } as const;

function Verdict({ me, methods }: { me: Me; methods: OwnMethod[] }) {
  const { say, language } = useAccount();
  const counting = methods.filter(({ verifies, state }) => verifies && (state === "ready" || state === "locked"));
  const names = [...new Set(counting.map(({ kind }) => say(ofKind("by", kind))))];
  const list = new Intl.ListFormat(language).format(names);
  return (
    <div className={styles.verdict}>
      <h1>{names.length > 0 ? say("protectedBy", { methods: list }) : say("unprotected")}</h1>
      <p>
        <span className={styles[me.protection]}>
          <span aria-hidden="true">{marks[me.protection]} </span>
          {say(`protection.${me.protection}`)}
        </span>{" "}
        {me.advice === null ? say("protection.strong.about") : say(`advice.${me.advice}`, { count: me.codesLeft })}
      </p>
      <Advice advice={me.advice} />
    </div>
  );
}

function Advice({ advice }: Pick<Me, "advice">) {
  const { say } = useAccount();
  const add = useAdding();
  if (advice === null) return null;
  if (advice === "codes") return <a href="#security">{say("advice.codes.do")}</a>;
  return <Button onClick={add}>{say("advice.do")}</Button>;
}

/** The sign-in pages register it and lead back here. */
function useAdding() {
  const { attempt } = useAccount();
  return () => void attempt(undefined, async () => location.assign(await account.addMethod()));
}

export function Overview({ me }: { me: Me }) {
  const { say } = useAccount();
  const methods = useMethods();
  const history = useQuery({ queryKey: ["history", "newest"], queryFn: () => account.history() });
  const add = useAdding();
  return (
    <Shown query={methods}>
      {(own) => (
        <>
          <Verdict me={me} methods={own} />
          <Section title={say("methods")}>
            <Methods methods={own} />
            {me.advice === null || me.advice === "codes" ? <Button onClick={add}>{say("methods.add")}</Button> : null}
          </Section>
          <Section title={say("history")}>
            <Shown query={history}>{({ signIns }) => <SignIns signIns={signIns.slice(0, 3)} me={me} />}</Shown>
            <a href="#history">{say("history.all")}</a>
          </Section>
        </>
      )}
    </Shown>
  );
}
