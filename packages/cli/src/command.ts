import type { Given } from './given.ts';

/** `text` takes a value, `list` takes one or several, `switch` takes none, `boolean` takes `true` or `false`. */
export type FlagKind = 'text' | 'list' | 'switch' | 'boolean';

export interface Flag {
  readonly kind: FlagKind;
  /** What stands for the value in the help: `ID`. */
  readonly value?: string;
  readonly description: string;
}

export interface Argument {
  /** Stands for the value in the help: `KEY_ID`. */
  readonly name: string;
  readonly description: string;
}

/** What a command answers: for programs and for people. */
export interface Output {
  readonly json: unknown;
  readonly text: string;
  /** For people, on standard error: what they may not have meant. */
  readonly warnings?: readonly string[];
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Reads all of standard input. */
  readInput(): Promise<string>;
  /** Writes to standard output right away, for what cannot wait until the command ends. */
  print(text: string): void;
  /** The same to standard error. */
  printError(text: string): void;
  /** Whether people watch standard error, and lines can be written over. */
  readonly isErrorTerminal: boolean;
}

export interface Invocation extends Surroundings {
  readonly given: Given;
}

/** One row of the table that the help, the parser and the dispatcher are derived from. */
export interface Command {
  /** `root-keys` of `root-keys create`; null: the command has no group. */
  readonly group: string | null;
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly details?: string;
  readonly arguments: readonly Argument[];
  readonly flags: Readonly<Record<string, Flag>>;
  /** Null: everything has been said already. */
  run(invocation: Invocation): Promise<Output | null>;
}

/** Of every command, beside its own flags. */
export const commonFlags: Readonly<Record<string, Flag>> = {
  json: { kind: 'switch', description: 'Print JSON and nothing else.' },
  help: { kind: 'switch', description: 'Show this.' },
};

export function flagsOf(command: Command): Readonly<Record<string, Flag>> {
  return { ...command.flags, ...commonFlags };
}

/** As it is typed: `root-keys create`. */
export function titleOf({ group, name }: Pick<Command, 'group' | 'name'>): string {
  return group === null ? name : `${group} ${name}`;
}

/** `createKey` → `create-key`: either spelling is understood. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
