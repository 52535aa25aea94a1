/** A command as the running server or this process carries it out: how its input reads, and the action that it calls. */

import { z } from "zod";
import type { Deps } from "#actions/deps.ts";

export type Extra = {
  /** what came with the command, as it arrives */
  file: AsyncIterable<Uint8Array>;
  progress: (line: string) => void;
  /** takes a part of the file that the command makes, once there is room for it */
  write: (text: string) => Promise<void>;
};
export type Command<S extends z.ZodType = z.ZodType, R extends object = object> = {
  input: S;
  run(deps: Deps, input: z.output<S>, extra: Extra): Promise<R>;
};
export const command = <S extends z.ZodType, R extends object>(one: Command<S, R>): Command<S, R> => one;

export const text = z.string().max(100_000);
export const name = z.string().min(1).max(256);
export const limit = z.int().min(1).max(10_000).default(100);
