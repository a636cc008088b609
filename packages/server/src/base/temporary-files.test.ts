import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withTemporaryFiles } from './temporary-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unkey-temporary-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('they stay if the work succeeds, and are removed if it fails', async () => {
  const [kept, removed] = [join(folder, 'kept'), join(folder, 'removed')];
  expect(await withTemporaryFiles([kept], async () => writeFileSync(kept, ''))).toBeUndefined();
  const failing = withTemporaryFiles([removed, join(folder, 'never made')], async () => {
    writeFileSync(removed, '');
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(readdirSync(folder)).toEqual(['kept']);
  expect(process.listenerCount('SIGHUP')).toBe(0);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s removes them and ends the process', async (signal, status) => {
  const file = join(folder, 'file');
  const program = `
    import { writeFileSync } from 'node:fs';
    import { withTemporaryFiles } from ${JSON.stringify(new URL('../../dist/base/temporary-files.js', import.meta.url))};
    await withTemporaryFiles([${JSON.stringify(file)}], async () => {
      writeFileSync(${JSON.stringify(file)}, 'secret');
      console.log('written');
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(existsSync(file)).toBe(true);
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([status, null]);
  expect(existsSync(file)).toBe(false);
});
