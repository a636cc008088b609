import { expect, test } from 'vitest';
import type { Command } from './command.ts';
import { UsageError } from './command-errors.ts';
import { parseArguments } from './parse-arguments.ts';

const command: Command = {
  group: null,
  name: 'test',
  summary: 'For the tests.',
  arguments: [{ name: 'ID', description: 'Id of the thing.' }],
  flags: {
    keyName: { kind: 'text', description: 'Text.' },
    tags: { kind: 'list', description: 'A list.' },
    enabled: { kind: 'boolean', description: 'True or false.' },
    force: { kind: 'switch', description: 'A switch.' },
  },
  run: async () => null,
};

const parse = (...words: string[]) => parseArguments(command, words);

test('a flag is read in either spelling, before or after the arguments, with = or without', () => {
  for (const words of [
    ['id_1', '--keyName', 'x'],
    ['--key-name', 'x', 'id_1'],
    ['--key-name=x', 'id_1'],
  ]) {
    const args = parse(...words);
    expect(args.argument('ID')).toBe('id_1');
    expect(args.text('keyName')).toBe('x');
  }
});

test('a value may begin with a dash and hold =', () => {
  expect(parse('id', '--keyName', '-5').text('keyName')).toBe('-5');
  expect(parse('id', '--keyName', 'a=b').text('keyName')).toBe('a=b');
  expect(parse('id', '--keyName=--force').text('keyName')).toBe('--force');
});

test('anything after -- is an argument', () => {
  expect(parse('--force', '--', '--keyName').argument('ID')).toBe('--keyName');
});

test('a repeated flag has all its values', () => {
  expect(parse('id', '--tags', 'a', '--tags', 'b').list('tags')).toEqual(['a', 'b']);
});

test('a boolean alone is true', () => {
  expect(parse('id', '--enabled').text('enabled')).toBe('true');
  expect(parse('id', '--enabled', 'false').text('enabled')).toBe('false');
});

test('--help needs no arguments', () => {
  expect(parse('-h').isOn('help')).toBe(true);
});

test.each([
  [[], 'ID is required'],
  [['a', 'b'], "Unexpected argument 'b'."],
  [['a', '--forse'], "'--force'"],
  [['a', '-x'], 'Unknown flag -x'],
  [['a', '--__proto__', 'b'], 'Unknown flag --__proto__'],
  [['a', '--force=yes'], '--force takes no value'],
  [['a', '--keyName'], '--keyName needs a value'],
  [['a', '--keyName', '--force'], '--keyName needs a value'],
])('%j is refused', (words, message) => {
  expect(() => parse(...words)).toThrow(UsageError);
  expect(() => parse(...words)).toThrow(message);
});
