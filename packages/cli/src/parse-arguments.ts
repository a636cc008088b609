import { parseArgs } from 'node:util';
import { suggestion } from '@unkey-ts/contract';
import { type Command, type Flag, flagsOf, kebab } from './command.ts';
import { UsageError } from './command-errors.ts';
import { ParsedArgs } from './parsed-args.ts';

type Flags = Readonly<Record<string, Flag>>;

/** Parses the words after a command's name; throws a `UsageError` that names the word and the rule. */
export function parseArguments(command: Command, words: readonly string[]): ParsedArgs {
  const flags = flagsOf(command);
  const { tokens } = parseArgs({
    args: joinValues(words, flags),
    // `joinValues` has put each value behind its flag's `=`: a flag without one must not take the next word.
    options: Object.fromEntries(Object.keys(flags).map((name) => [name, { type: 'boolean' }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: string[] = [];
  const read: Record<string, string[] | true> = {};
  for (const token of tokens) {
    if (token.kind === 'positional') values.push(token.value);
    if (token.kind === 'option') readFlag(read, flags, token);
  }
  return new ParsedArgs(nameArguments(command, values, read.help === true), read);
}

function readFlag(
  read: Record<string, string[] | true>,
  flags: Flags,
  token: { readonly name: string; readonly rawName: string; readonly value: string | undefined },
): void {
  const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
  if (flag === undefined) {
    throw new UsageError(
      `Unknown flag ${token.rawName}.${suggestion(
        token.rawName,
        Object.keys(flags).map((name) => `--${name}`),
      )}`,
    );
  }
  if (flag.kind === 'switch') {
    if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`);
    read[token.name] = true;
    return;
  }
  if (token.value === undefined) throw new UsageError(`${token.rawName} needs a value.`);
  const before = read[token.name];
  read[token.name] = [...(Array.isArray(before) ? before : []), token.value];
}

function nameArguments(
  { arguments: expected }: Command,
  values: readonly string[],
  isHelp: boolean,
): Record<string, string> {
  if (isHelp) return {};
  const missing = expected[values.length];
  if (missing !== undefined) throw new UsageError(`${missing.name} is required: ${missing.description}`);
  const extra = values[expected.length];
  if (extra !== undefined) throw new UsageError(`Unexpected argument '${extra}'.`);
  return Object.fromEntries(expected.map(({ name }, index) => [name, values[index] ?? '']));
}

/** Rewrites `--name value` as `--name=value`, so that a value may begin with `-`, and spells flags as declared. */
function joinValues(words: readonly string[], flags: Flags): string[] {
  const joined: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') return [...joined, ...words.slice(index)];
    const name = flagNameOf(word, flags);
    const flag = name === undefined ? undefined : flags[name];
    if (name === undefined || flag === undefined) joined.push(word);
    else if (word.includes('=')) joined.push(`--${name}${word.slice(word.indexOf('='))}`);
    else if (isValueOf(flag, words[index + 1])) joined.push(`--${name}=${words[++index]}`);
    else joined.push(flag.kind === 'boolean' ? `--${name}=true` : `--${name}`);
  }
  return joined;
}

function isValueOf({ kind }: Flag, next: string | undefined): next is string {
  return next !== undefined && kind !== 'switch' && !/^--[a-zA-Z]/.test(next);
}

function flagNameOf(word: string, flags: Flags): string | undefined {
  if (word === '-h') return 'help';
  if (!word.startsWith('--')) return undefined;
  const [typed = ''] = word.slice(2).split('=');
  return Object.keys(flags).find((name) => name === typed || kebab(name) === typed);
}
