import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { newDataPlace } from '../data-place.ts';

const run = fileURLToPath(new URL('python/run.sh', import.meta.url));

test.each(['2.3.0', '3.2.2'])(
  'unkey.py %s finds the same service on PostgreSQL',
  async (version) => {
    const places = [await newDataPlace(), await newDataPlace()];
    const environments = JSON.stringify(places.map(({ env }) => env));
    try {
      const { stdout } = await promisify(execFile)('bash', [run, version], {
        env: { ...process.env, UNKEY_TEST_ENVIRONMENTS: environments },
      });
      expect(stdout).toMatch(/^unkey\.py .* [1-9]\d* passed, 0 failed$/m);
    } finally {
      for (const place of places) await place.remove();
    }
  },
  180_000,
);
