import { DatabaseSync } from '@photostructure/sqlite';
import { databaseFileOf } from '@unkey-ts/server';
import { expect, test } from 'vitest';
import { post, startService } from '../service.ts';
import { isThreadedRun } from '../threaded.ts';
import { runSuites, type Suite } from './scenario.ts';

// What crosses threads most. The other scenarios run in this form with UNKEY_TEST_THREADS=2.
const files = import.meta.glob<{ default: Suite }>(
  ['./ratelimit/*.ts', './keys/{verify-key,create-key,update-key,update-credits}.ts'],
  { eager: true },
);

const isOnSqlite = (process.env.UNKEY_TEST_DATABASE_URL ?? '') === '';

// On PostgreSQL there is one thread, which the other files test.
if (isOnSqlite && !isThreadedRun) {
  runSuites(
    Object.values(files).map((file) => file.default),
    { isThreaded: true },
  );
}

test.runIf(isOnSqlite)(
  'while another process has locked the database, only what writes is refused',
  async () => {
    const service = await startService({ isThreaded: true });
    const other = new DatabaseSync(databaseFileOf(service.place.dataDir));
    try {
      const must = async (operation: Parameters<typeof service.call>[0], body: object) => {
        const { status, body: text } = await service.call(operation, body);
        expect({ operation, status }).toEqual({ operation, status: 200 });
        return text.data;
      };
      const { apiId } = await must('apis.createApi', { name: 'payments' });
      const free = await must('keys.createKey', { apiId });
      const paid = await must('keys.createKey', { apiId, credits: { remaining: 5 } });
      const limit = { namespace: 'requests', identifier: 'user', limit: 100, duration: 60_000 };
      await must('ratelimit.limit', limit);

      other.exec('BEGIN IMMEDIATE');
      const written = Promise.all([
        service.call('keys.updateKey', { keyId: free.keyId, name: 'other' }),
        post(`${service.url}/v2/keys.verifyKey`, { key: paid.key }, { rootKey: service.rootKey }),
      ]);
      expect(await must('keys.verifyKey', { key: free.key })).toMatchObject({ code: 'VALID' });
      expect(await must('ratelimit.limit', limit)).toMatchObject({ success: true });
      expect(await must('keys.getKey', { keyId: free.keyId })).toMatchObject({ keyId: free.keyId });
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
      for (const { status, headers } of await written) {
        expect({ status, retryAfter: headers.get('retry-after') }).toEqual({ status: 503, retryAfter: '1' });
      }
      other.exec('ROLLBACK');
      expect(await must('keys.verifyKey', { key: paid.key })).toMatchObject({ code: 'VALID', credits: 4 });
    } finally {
      other.close();
      await service.close();
    }
  },
);
