// Runs the recipes of docs/testing.md in an empty folder, with the packed packages: node tests/recipes/run.mjs [word ...]
// Needs a built checkout, Python 3 with venv, and a browser: CHROMIUM is its path, /usr/bin/chromium by default.

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Outside the repository, whose configuration the runners would find. */
const folder = mkdtempSync(join(tmpdir(), 'unkey-recipes-'));
const python = join(root, 'build/recipes-python');
const execute = promisify(execFile);
const run = (program, args, { cwd = folder, env = {} } = {}) =>
  execute(program, args, { cwd, env: { ...process.env, CI: '1', ...env }, timeout: 300_000 });

/** Beside the packed packages. */
const packages = ['vitest', 'jest', '@playwright/test', '@hono/node-server', 'hono', '@unkey/api'];
const local = join(folder, 'node_modules/.bin');

const recipes = {
  vitest: () => run(join(local, 'vitest'), ['run', 'vitest']),
  jest: () => run(join(local, 'jest'), ['jest']),
  'node:test': () => run(process.execPath, ['--test', 'node-test/door.test.mjs']),
  '@unkey/api': () => run(process.execPath, ['--test', 'published-client/keys.test.mjs']),
  Playwright: () =>
    run(join(local, 'playwright'), ['test'], {
      cwd: join(folder, 'playwright'),
      env: { CHROMIUM: process.env.CHROMIUM ?? '/usr/bin/chromium' },
    }),
  pytest: async () => {
    await run('python3', ['-m', 'venv', python]);
    const packages = ['pytest', 'unkey.py==3.2.2'];
    await run(join(python, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages]);
    await run(join(python, 'bin/pytest'), ['-q'], { cwd: join(folder, 'pytest') });
  },
};

await run(process.execPath, ['build/tools/pack-sdk.js'], { cwd: root });
await run(process.execPath, ['tools/pack-server.mjs'], { cwd: root });
const { version } = JSON.parse(readFileSync(join(root, 'build/unkey-ts-server/package.json'), 'utf8'));
writeFileSync(join(folder, 'package.json'), '{ "private": true }');
cpSync(join(root, 'examples/testing'), folder, { recursive: true });
const files = ['unkey-ts', 'unkey-ts-server'].map((name) => join(root, `build/${name}-${version}.tgz`));
const quiet = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
await run('npm', ['install', ...quiet, ...files, ...packages]);

const words = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const [name, recipe] of Object.entries(recipes)) {
  if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
  try {
    await recipe();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.message}`);
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(`recipes: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
