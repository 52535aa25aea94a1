// The offer to keep the app on the home screen, where the browser lets a page make it.
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import styles from "./authenticator.module.css";
import { useApp } from "./use-app.tsx";

/** Chromium's; no standard has it. */
type InstallEvent = Event & { prompt(): Promise<unknown> };
let offered: InstallEvent | undefined;
const changed = new EventTarget();
const offer = (event: InstallEvent | undefined) => {
  offered = event;
  changed.dispatchEvent(new Event("change"));
};
// it may come before anything is drawn
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  offer(event as InstallEvent);
});
addEventListener("appinstalled", () => offer(undefined));

export function InstallOffer() {
  const { say } = useApp();
  const [can, setCan] = useState(offered !== undefined);
  useEffect(() => {
    const look = () => setCan(offered !== undefined);
    changed.addEventListener("change", look);
    return () => changed.removeEventListener("change", look);
  }, []);
  if (!can) return null;
  return (
    <div className={styles.look}>
      <p>{say("install.about")}</p>
      <Button variant="default" onClick={() => void offered?.prompt().then(() => offer(undefined))}>
        {say("install")}
      </Button>
    </div>
  );
}
