import { columns } from './columns.ts';
import { type Command, type Flag, flagsOf, titleOf } from './command.ts';

/** All commands, one line each. */
export function helpForAll(commands: readonly Command[]): string {
  const alone = commands.filter(({ group }) => group === null);
  const groups = [...new Set(commands.map(({ group }) => group))].filter((group) => group !== null);
  return [
    'unkey: runs the service, administers it locally, and calls every operation of the API.',
    '',
    'Usage: unkey COMMAND [FLAGS]',
    '',
    columns(alone.map((command) => [`  ${titleOf(command)}`, command.summary])),
    ...groups.map((group) => `\n${helpForGroup(commands, group)}`),
    '',
    '`unkey COMMAND --help` describes a command.',
  ].join('\n');
}

export function helpForGroup(commands: readonly Command[], group: string): string {
  const own = commands.filter((command) => command.group === group);
  return [`${group}:`, columns(own.map((command) => [`  ${usage(command)}`, command.summary]))].join('\n');
}

export function helpForCommand(command: Command): string {
  const flags = Object.entries(flagsOf(command));
  return [
    command.summary,
    '',
    `Usage: unkey ${usage(command)}${flags.length > 2 ? ' [FLAGS]' : ''}`,
    '',
    columns([
      ...command.arguments.map(({ name, description }) => [`  ${name}`, description]),
      ...flags.map(([name, flag]) => [`  ${flagUsage(name, flag)}`, flag.description]),
    ]),
    ...(command.details === undefined ? [] : ['', command.details]),
  ].join('\n');
}

function usage(command: Command): string {
  return [titleOf(command), ...command.arguments.map(({ name }) => name)].join(' ');
}

function flagUsage(name: string, { kind, value }: Flag): string {
  if (kind === 'switch') return `--${name}`;
  return `--${name} ${value ?? (kind === 'boolean' ? 'true|false' : 'TEXT')}`;
}
