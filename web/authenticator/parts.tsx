// Small pieces that several pages use.
import type { ReactNode } from "react";
import styles from "./authenticator.module.css";

/** What was asked for has the focus; a constant, so that it gets it once. */
export const focus = (element: HTMLElement | null): void => element?.focus();

/** Read out when it appears. */
export const Problem = ({ children }: { children: ReactNode }) => (
  <p role="alert" className={styles.problem}>
    {children}
  </p>
);
