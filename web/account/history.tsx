import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { Me } from "../../sdk/src/account.ts";
import styles from "./account.module.css";
import { Shown } from "./shown.tsx";
import { SignIns } from "./sign-ins.tsx";
import { account, useAccount } from "./use-account.tsx";

export function History({ me }: { me: Me }) {
  const { say } = useAccount();
  const query = useInfiniteQuery({
    queryKey: ["history", "all"],
    queryFn: ({ pageParam }) => account.history(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  return (
    <section className={styles.section}>
      <h1>{say("history.all")}</h1>
      <Shown query={query}>
        {({ pages }) => (
          <>
            <SignIns signIns={pages.flatMap(({ signIns }) => signIns)} me={me} />
            {query.hasNextPage && (
              <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {say("history.older")}
              </Button>
            )}
          </>
        )}
      </Shown>
    </section>
  );
}
