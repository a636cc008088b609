import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tidy } from './tidy.ts';

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));

test('the sources keep the rules of the house', () => {
  expect(tidy(tracked)).toEqual([]);
});

test('the lock file names no download address', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved": "https?:/);
});

test('no dependency needs an install script', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean; optional?: boolean }>;
  };
  const withScript = Object.entries(packages).filter(
    ([, entry]) => entry.hasInstallScript && !entry.optional,
  );
  // Its script only checks that the binary inside the package fits; the package works when it never runs.
  expect(withScript.map(([path]) => path)).toEqual(['node_modules/@photostructure/sqlite']);
});
