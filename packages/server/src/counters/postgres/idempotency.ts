import { claimLifetimeMs, decodeRecord, encodeRecord, type RecordStore } from '../shared-idempotency.ts';

export type Run = (text: string, values: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

// The table and its columns (`mark`: the token, `answer`: the record) are those of the first release, which may run
// beside this one.

const claim = `
INSERT INTO counter_answers (name, mark, kept_until)
VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond')
ON CONFLICT (name) DO UPDATE SET mark = excluded.mark, kept_until = excluded.kept_until, answer = NULL, expires_at = NULL
WHERE counter_answers.kept_until <= clock_timestamp() OR counter_answers.expires_at <= $4
RETURNING name`;

const renew = `
UPDATE counter_answers SET kept_until = clock_timestamp() + $3::bigint * interval '1 millisecond'
WHERE name = $1 AND mark = $2 AND answer IS NULL`;

const release = 'DELETE FROM counter_answers WHERE name = $1 AND mark = $2 AND answer IS NULL';

const complete = `
INSERT INTO counter_answers (name, mark, answer, expires_at, kept_until)
VALUES ($1, '', $2, $3, clock_timestamp() + $4::bigint * interval '1 millisecond')
ON CONFLICT (name) DO UPDATE SET mark = excluded.mark, answer = excluded.answer, expires_at = excluded.expires_at,
  kept_until = excluded.kept_until`;

/** A row without a record is a claim. */
export function postgresRecordStore(run: Run): RecordStore {
  return {
    async claim(name, token, now) {
      for (;;) {
        const claimed = await run(claim, [name, token, claimLifetimeMs, now]);
        if (claimed.length > 0) return null;
        const [found] = await run('SELECT answer FROM counter_answers WHERE name = $1', [name]);
        if (typeof found?.answer === 'string') return decodeRecord(found.answer);
        if (found !== undefined) return 'claimed';
      }
    },
    async renew(name, token) {
      await run(renew, [name, token, claimLifetimeMs]);
    },
    async release(name, token) {
      await run(release, [name, token]);
    },
    async complete(name, record, lifetimeMs) {
      await run(complete, [name, encodeRecord(record), record.expiresAt, lifetimeMs]);
    },
  };
}
