import type { Command } from "commander";
import type { CommandInput, CommandName, CommandResult } from "./commands.ts";

/** A verb of the command line: how it is written, the command that it gives, and how the result reads. */

export type Verb<N extends CommandName = CommandName, O = unknown> = {
  /** `noun verb`, or one word */
  path: string;
  command: N;
  summary: string;
  example: string;
  define?: (verb: Command) => Command;
  /** `args` as written, absent ones empty */
  input: (args: string[], options: O, read: ReadSecret) => CommandInput<N> | Promise<CommandInput<N>>;
  /** the file that goes with the command; `-` is standard input */
  file?: (args: string[], options: O) => string | undefined;
  /** where the file goes that the command makes */
  writeTo?: (args: string[]) => string | undefined;
  /** where the result's `errorFile` is written, which is then not shown */
  saveTo?: (options: O) => string | undefined;
  show: (result: CommandResult<N>) => string;
};
/** A secret from a file (`-`: standard input), without the line end; never from an argument, which every user can see. */
export type ReadSecret = (path: string) => Promise<string>;

/** Checks one verb against its command's input and result, and forgets them. */
export const verb = <N extends CommandName, O = Record<string, never>>(one: Verb<N, O>): Verb => one as unknown as Verb;
