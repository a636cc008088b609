import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Example, examplesOf, isSame, moduleOf } from '../sdk/readme/examples.ts';

const root = new URL('../../', import.meta.url).pathname;
const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
const copied = [...page.matchAll(/<!-- file: (\S+) -->\n```\w+\n([\s\S]*?)^```$/gm)];
const programs = examplesOf(page).filter(({ language, code }) => language === 'ts' && !isCopied(code));

let folder: string;
beforeAll(async () => {
  mkdirSync(join(root, 'build'), { recursive: true });
  // Inside the repository, so that packages are resolved.
  folder = await mkdtemp(join(root, 'build/testing-page-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function isCopied(code: string): boolean {
  return copied.some(([, , text]) => text === code);
}

test('the page shows the recipes that are run', () => {
  expect(copied.length).toBeGreaterThanOrEqual(7);
  for (const [, file = '', text] of copied) expect(text, file).toBe(readFileSync(join(root, file), 'utf8'));
});

test.each(programs)('line $line does what it says', async (program: Example) => {
  const compared: number[] = [];
  vi.stubGlobal('same', (actual: unknown, expected: unknown, line: number) => {
    compared.push(line);
    expect(isSame(actual, expected), `line ${line}: ${JSON.stringify(actual)}`).toBe(true);
  });
  const file = join(folder, `line-${program.line}.ts`);
  await writeFile(file, moduleOf(program));
  await import(file);
  expect(compared.length).toBeGreaterThan(0);
});
