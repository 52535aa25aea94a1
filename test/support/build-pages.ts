// Once before the workers of a project that serves pages: two that find stale ones would build them over each other.
import { ensurePages } from "../../tools/pages.ts";

export const setup = ensurePages;
