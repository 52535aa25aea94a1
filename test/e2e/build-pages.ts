// Once before the workers: two servers that find stale pages would build them over each other.
import { ensurePages } from "../../tools/pages.ts";

export default ensurePages;
