// Which page of the app is shown: behind "#", so that each has an address and the device's "back" works. Must stay true: an
// activation code is taken out of the address, and out of the browser's history, before anything else is done.
import { useEffect, useState } from "react";
import { activationIn } from "./link.ts";

export type View = { name: "home" | "repair" } | { name: "add"; linked?: string } | { name: "account"; id: string };

function take(): View {
  const { hash } = location;
  const linked = activationIn(hash);
  if (linked !== undefined) {
    history.replaceState(null, "", "#add");
    return { name: "add", linked };
  }
  if (hash === "#add") return { name: "add" };
  if (hash === "#repair") return { name: "repair" };
  return hash.startsWith("#account=") ? { name: "account", id: hash.slice("#account=".length) } : { name: "home" };
}

const first = take();

/** For the app's frame alone: another that listens would find the code of a link taken already. */
export function useView(): View {
  const [view, setView] = useState(first);
  useEffect(() => {
    const changed = () => setView(take());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return view;
}
