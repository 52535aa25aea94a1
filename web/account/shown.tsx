// What is asked of the server, in its three states: on its way, there, and not to be had.
import { Button, Loader, Paper, Text, Title } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { AccountProblem } from "../../sdk/src/account.ts";
import styles from "./account.module.css";
import { useAccount } from "./use-account.tsx";

type Props<Data> = { query: UseQueryResult<Data>; children: (data: Data) => ReactNode };

export function Shown<Data>({ query, children }: Props<Data>) {
  const { say } = useAccount();
  if (query.data !== undefined) return children(query.data);
  if (query.isPending) return <Loader aria-label={say("loading")} />;
  const id = query.error instanceof AccountProblem ? query.error.problem.correlationId : undefined;
  return (
    <Paper withBorder p="lg" role="alert" className={styles.problem}>
      <Title order={2} size="h4">
        {say("failed.title")}
      </Title>
      <Text my="xs">{say("failed.next")}</Text>
      {id !== undefined && (
        <Text mb="xs">
          {say("failed.quote")} <code>{id}</code>
        </Text>
      )}
      <Button onClick={() => void query.refetch()}>{say("again")}</Button>
    </Paper>
  );
}
