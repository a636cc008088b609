import { suggestion, version } from '@unkey-ts/contract';
import { type Command, type Environment, kebab, titleOf } from './command.ts';
import { describeFailure, UsageError } from './command-errors.ts';
import { commands } from './commands.ts';
import { helpForAll, helpForCommand, helpForGroup } from './help.ts';
import { parseArguments } from './parse-arguments.ts';
import { escapeControls } from './terminal-text.ts';

/** Runs a command line and resolves to the exit status: 0 success, 1 failure, 2 usage error. */
export async function runCli(words: readonly string[], environment: Environment): Promise<number> {
  try {
    return (await run(words, environment)) === 'failed' ? 1 : 0;
  } catch (error) {
    environment.printError(`unkey: ${escapeControls(describeFailure(error))}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function run(words: readonly string[], environment: Environment): Promise<'done' | 'failed'> {
  const help = findHelp(words);
  if (help !== null) return say(environment, help);
  const { command, rest } = findCommand(words);
  const args = explaining(command, () => parseArguments(command, rest));
  if (args.isOn('help')) return say(environment, helpForCommand(command));
  const output = await command.run({ ...environment, args }).catch((error: unknown) => {
    throw explained(command, error);
  });
  if (output === null) return 'done';
  for (const warning of output.warnings ?? []) environment.printError(`unkey: ${escapeControls(warning)}\n`);
  say(environment, escapeControls(args.isOn('json') ? JSON.stringify(output.json) : output.text));
  return output.isFailure ? 'failed' : 'done';
}

function say({ print }: Environment, text: string): 'done' {
  print(`${text}\n`);
  return 'done';
}

/** The help or the version, where the words ask for that instead of a command; else null. */
function findHelp(words: readonly string[]): string | null {
  const [first, second] = words;
  if (first === '--version' || first === '-v') return version;
  if (first === undefined || first === '--help' || first === '-h') return helpForAll(commands);
  if (first === 'help') return helpOn(words.slice(1));
  return isGroup(first) && (second === '--help' || second === '-h') ? helpForGroup(commands, first) : null;
}

function helpOn(words: readonly string[]): string {
  const [first] = words;
  if (first === undefined) return helpForAll(commands);
  if (isGroup(first) && words.length === 1) return helpForGroup(commands, first);
  return helpForCommand(findCommand(words).command);
}

function findCommand([first = '', second, ...rest]: readonly string[]): {
  command: Command;
  rest: readonly string[];
} {
  const alone = commands.find(({ group, name }) => group === null && name === first);
  if (alone) return { command: alone, rest: second === undefined ? [] : [second, ...rest] };
  if (!isGroup(first)) {
    const known = [...new Set(commands.map(({ group, name }) => group ?? name))];
    throw new UsageError(
      `Unknown command '${first}'.${suggestion(first, known)} \`unkey help\` lists all commands.`,
    );
  }
  const own = commands.filter(({ group }) => group === first);
  const command = own.find(({ name }) => name === second || kebab(name) === second);
  if (command) return { command, rest };
  const names = own.map(({ name }) => name);
  throw new UsageError(
    second === undefined || second.startsWith('-')
      ? `'${first}' needs a subcommand: ${names.join(', ')}.`
      : `Unknown command '${first} ${second}'.${suggestion(second, names)} Subcommands: ${names.join(', ')}.`,
  );
}

function isGroup(word: string): boolean {
  return commands.some(({ group }) => group === word);
}

function explaining<Result>(command: Command, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    throw explained(command, error);
  }
}

/** Adds to a usage error which help to read. */
function explained(command: Command, error: unknown): unknown {
  if (!(error instanceof UsageError)) return error;
  return new UsageError(`${error.message} See \`unkey ${titleOf(command)} --help\`.`);
}
