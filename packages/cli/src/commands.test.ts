import { operations } from '@unkey-ts/contract';
import { expect, test } from 'vitest';
import { commonFlags, kebab, titleOf } from './command.ts';
import { commands } from './commands.ts';
import { membersOf } from './input-flags.ts';

test('no two commands are typed alike', () => {
  const typed = commands.map((command) => kebab(titleOf(command)));
  expect(new Set(typed).size).toBe(typed.length);
});

test("no member of a request hides a flag of the command's own, in either spelling", () => {
  const own = [...Object.keys(commonFlags), 'body', 'url', 'root-key'];
  for (const operation of Object.values(operations)) {
    const members = membersOf(operation.input).map(({ name }) => kebab(name));
    expect(
      members.filter((name) => own.includes(name)),
      operation.id,
    ).toEqual([]);
    expect(new Set(members).size).toBe(members.length);
  }
});

test('every command, argument and flag has a description', () => {
  for (const command of commands) {
    expect(command.summary, titleOf(command)).toMatch(/\.$/);
    const described = [...command.arguments, ...Object.values(command.flags)];
    for (const { description } of described) expect(description, titleOf(command)).not.toBe('');
  }
});
