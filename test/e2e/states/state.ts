import type { Page } from "@playwright/test";
import type { Language } from "../looks.ts";
import type { Server } from "../server.ts";

export type Seen = { server: Server; language: Language };
/** Brings a fresh page to a state, by what a person would do, and waits until it is there. */
export type Reach = (page: Page, seen: Seen) => Promise<void>;
export type States = Record<string, Reach>;
