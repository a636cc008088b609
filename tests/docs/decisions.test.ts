import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../docs/decisions');
const files = readdirSync(folder).filter((file) => file !== 'README.md');
const index = readFileSync(join(folder, 'README.md'), 'utf8');

test.each(files)('%s says context, choice, what was measured, and what would change our mind', (file) => {
  const text = readFileSync(join(folder, file), 'utf8');
  const parts = ['Context', 'Choice', 'Measured', 'What would change our mind'];
  expect(parts.filter((part) => !text.includes(`**${part}.**`) && !text.includes(`**${part}:`))).toEqual([]);
});

test('the index lists every decision, and each number is used once', () => {
  const listed = [...index.matchAll(/^\| \[(\d+)\]\(([^)]+)\)/gm)].map(([, number, file = '']) => ({
    number,
    file,
  }));
  expect(listed.map(({ file }) => file).sort()).toEqual(files);
  expect(listed.filter(({ number, file }) => Number(number) !== Number.parseInt(file, 10))).toEqual([]);
  expect(new Set(listed.map(({ number }) => number)).size).toBe(files.length);
});
