import { version } from '@unkey-ts/contract';
import { type Command, kebab, type Surroundings, titleOf } from './command.ts';
import { describeFailure, UsageError } from './command-errors.ts';
import { commands } from './commands.ts';
import { helpForAll, helpForCommand, helpForGroup } from './help.ts';
import { suggestion } from './near-matches.ts';
import { parseArguments } from './parse-arguments.ts';

/** Runs what was typed and answers the exit status: 0 done, 1 not done, 2 not understood. */
export async function runCli(words: readonly string[], terminal: Surroundings): Promise<number> {
  try {
    await run(words, terminal);
    return 0;
  } catch (error) {
    terminal.printError(`unkey: ${describeFailure(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function run(words: readonly string[], terminal: Surroundings): Promise<void> {
  const help = findHelp(words);
  if (help !== null) return terminal.print(`${help}\n`);
  const { command, rest } = findCommand(words);
  const given = explaining(command, () => parseArguments(command, rest));
  if (given.isOn('help')) return terminal.print(`${helpForCommand(command)}\n`);
  const output = await command.run({ ...terminal, given }).catch((error: unknown) => {
    throw explained(command, error);
  });
  if (output === null) return;
  for (const warning of output.warnings ?? []) terminal.printError(`unkey: ${warning}\n`);
  terminal.print(`${given.isOn('json') ? JSON.stringify(output.json) : output.text}\n`);
}

/** The text that was asked for without naming a command. */
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
      `There is no command '${first}'.${suggestion(first, known)} \`unkey help\` lists them.`,
    );
  }
  const own = commands.filter(({ group }) => group === first);
  const command = own.find(({ name }) => name === second || kebab(name) === second);
  if (command) return { command, rest };
  const names = own.map(({ name }) => name);
  throw new UsageError(
    second === undefined || second.startsWith('-')
      ? `'${first}' needs one of ${names.join(', ')} after it.`
      : `There is no command '${first} ${second}'.${suggestion(second, names)} There are: ${names.join(', ')}.`,
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

/** A usage error also says where the usage is told. */
function explained(command: Command, error: unknown): unknown {
  if (!(error instanceof UsageError)) return error;
  return new UsageError(`${error.message} See \`unkey ${titleOf(command)} --help\`.`);
}
