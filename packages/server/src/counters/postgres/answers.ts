import { type AnswerStore, claimLifetimeMs } from '../shared-answers.ts';

export type Run = (text: string, values: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

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

const remember = `
INSERT INTO counter_answers (name, mark, answer, expires_at, kept_until)
VALUES ($1, '', $2, $3, clock_timestamp() + $4::bigint * interval '1 millisecond')
ON CONFLICT (name) DO UPDATE SET mark = excluded.mark, answer = excluded.answer, expires_at = excluded.expires_at,
  kept_until = excluded.kept_until`;

/** Rows without an answer are claims. */
export function postgresAnswerStore(run: Run): AnswerStore {
  return {
    async claim(name, mark, now) {
      for (;;) {
        const claimed = await run(claim, [name, mark, claimLifetimeMs, now]);
        if (claimed.length > 0) return null;
        const [found] = await run('SELECT answer FROM counter_answers WHERE name = $1', [name]);
        if (typeof found?.answer === 'string') return JSON.parse(found.answer);
        if (found !== undefined) return 'claimed';
      }
    },
    async renew(name, mark) {
      await run(renew, [name, mark, claimLifetimeMs]);
    },
    async release(name, mark) {
      await run(release, [name, mark]);
    },
    async remember(name, answer, lifetimeMs) {
      await run(remember, [name, JSON.stringify(answer), answer.expiresAt, lifetimeMs]);
    },
  };
}
