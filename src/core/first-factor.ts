import { z } from "zod";

/**
 * Where an application's password is checked: by the application itself (`none`), here, in one directory, or wherever the
 * person is at home (`any`).
 */
export const firstFactor = z.union(
  [z.enum(["none", "local", "any"]), z.templateLiteral(["directory:", z.string().min(1).max(100)])],
  "is none of none, local, any and directory:NAME",
);
export type FirstFactor = z.output<typeof firstFactor>;

const prefix = "directory:";

/** The name of the one directory that an application's people live in. */
export const directoryIn = (where: FirstFactor): string | undefined =>
  where.startsWith(prefix) ? where.slice(prefix.length) : undefined;
