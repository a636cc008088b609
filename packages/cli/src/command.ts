import type { ParsedArgs } from './parsed-args.ts';

/** `text` takes a value, `list` takes one or several, `switch` takes none, `boolean` takes `true` or `false`. */
export type FlagKind = 'text' | 'list' | 'switch' | 'boolean';

export interface Flag {
  readonly kind: FlagKind;
  /** Placeholder of the value in the help: `ID`. */
  readonly value?: string;
  readonly description: string;
}

export interface Argument {
  /** Placeholder in the help: `KEY_ID`. */
  readonly name: string;
  readonly description: string;
}

/** The result of a command, for programs and for people. */
export interface Output {
  readonly json: unknown;
  readonly text: string;
  /** Printed to standard error: likely mistakes. */
  readonly warnings?: readonly string[];
  /** The exit status is 1, although there is a result. */
  readonly isFailure?: boolean;
}

export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Reads all of standard input. */
  readInput(): Promise<string>;
  /** Writes to standard output at once, not when the command ends. */
  print(text: string): void;
  /** The same to standard error. */
  printError(text: string): void;
  /** Whether standard output is a terminal: what it shows is read by a person, and not stored. */
  readonly isOutputTerminal: boolean;
  /** Whether standard error is a terminal, where a line can be overwritten. */
  readonly isErrorTerminal: boolean;
}

export interface Invocation extends Environment {
  readonly args: ParsedArgs;
}

/** A declared command. The help, the parser, the dispatcher and the shell completions follow from it. */
export interface Command {
  /** `root-keys` of `root-keys create`; null: the command has no group. */
  readonly group: string | null;
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly details?: string;
  readonly arguments: readonly Argument[];
  readonly flags: Readonly<Record<string, Flag>>;
  /** Null: nothing more to print. */
  run(invocation: Invocation): Promise<Output | null>;
}

/** Flags that every command has. */
export const commonFlags: Readonly<Record<string, Flag>> = {
  json: { kind: 'switch', description: 'Print JSON and nothing else.' },
  help: { kind: 'switch', description: 'Show this.' },
};

export function flagsOf(command: Command): Readonly<Record<string, Flag>> {
  return { ...command.flags, ...commonFlags };
}

/** The words of a command: `root-keys create`. */
export function titleOf({ group, name }: Pick<Command, 'group' | 'name'>): string {
  return group === null ? name : `${group} ${name}`;
}

/** `createKey` → `create-key`. Both spellings are accepted. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
