// Small pieces that several pages use.
import { type ReactNode, useEffect, useState } from "react";
import styles from "./authenticator.module.css";
import { askServer } from "./device.ts";

/** What was asked for has the focus; a constant, so that it gets it once. */
export const focus = (element: HTMLElement | null): void => element?.focus();

/** Read out when it appears. */
export const Problem = ({ children }: { children: ReactNode }) => (
  <p role="alert" className={styles.problem}>
    {children}
  </p>
);

type Ways = Awaited<ReturnType<typeof askServer>>["support"];

/** Whom to ask, as far as the organisation has said. */
export function Support() {
  const [{ name, phone, email, hours }, setWays] = useState<Ways>({ name: "", phone: "", email: "", hours: "" });
  useEffect(
    () =>
      void askServer()
        .then(({ support }) => setWays(support))
        .catch(() => undefined),
    [],
  );
  return (
    <p className={styles.ways}>
      {name && <strong>{name}</strong>}
      {phone && <a href={`tel:${phone.replaceAll(/[^+\d]/g, "")}`}>{phone}</a>}
      {email && <a href={`mailto:${email}`}>{email}</a>}
      {hours && <span>{hours}</span>}
    </p>
  );
}
