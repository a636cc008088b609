import { afterAll, expect, test } from 'vitest';
import { createDatabase, textOf } from '../postgres.ts';
import { newDataDir, removeDataDirs } from './data-folders.ts';
import { runUnkey } from './run-unkey.ts';

afterAll(removeDataDirs);

test('unkey doctor asks PostgreSQL for its version and clock, and creates nothing in it', async () => {
  const { url, drop } = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
  const env = { DATABASE_URL: url, UNKEY_MASTER_KEY: 'off' };
  try {
    const ran = await runUnkey(['doctor', '--json', '--data-dir', await newDataDir()], { env });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(ran.stdout)).toEqual(
      expect.arrayContaining([
        { part: 'database', state: 'ok', text: expect.stringMatching(/^PostgreSQL \d+/) },
        { part: 'master key', state: 'ok', text: 'off: keys cannot be recovered' },
      ]),
    );
    expect(await textOf(url, ["(SELECT tablename FROM pg_tables WHERE schemaname = 'public')"])).toBe('');
  } finally {
    await drop();
  }
});
