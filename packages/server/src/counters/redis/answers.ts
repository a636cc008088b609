import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters, RememberedAnswer } from '../port.ts';
import type { RedisConnection } from './connection.ts';
import { scriptOf } from './script.ts';

interface Entry extends RememberedAnswer {
  readonly expiresAt: number;
}

interface Claim {
  readonly key: string;
  /** What is stored under the name until there is an answer. */
  readonly mark: string;
  readonly claimedAt: number;
}

/** A process that dies lets go of its names after this time; one that lives renews them. */
const claimLifetimeMs = 5000;
const askAgainMs = { first: 5, most: 100 };

/** Arguments: the mark, its lifetime, and an answer that counts as none. Answers what is there, or claims the name. */
const claimScript = scriptOf(`
local known = redis.call('GET', KEYS[1])
if known and known ~= ARGV[3] then return known end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
`);

/** Arguments: the mark and the lifetime. */
const renewScript = scriptOf(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
`);

/** Argument: the mark. */
const releaseScript = scriptOf(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`);

/** Arguments: the answer and its lifetime. */
const rememberScript = scriptOf(`
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`);

/** Answers that all processes see. A name is claimed for a few seconds, again and again while its call runs. */
export function redisAnswers(
  connection: RedisConnection,
): Pick<Counters, 'claim' | 'remember' | 'release'> & { close(): void } {
  /** Names whose call runs in this process. */
  const claims = new Map<string, Claim>();
  const closing = new AbortController();
  // Each waiting call listens.
  setMaxListeners(0, closing.signal);

  const renewing = setInterval(() => {
    for (const { key, mark } of claims.values()) {
      connection.run(renewScript, [key], [mark, claimLifetimeMs]).catch(() => {});
    }
  }, claimLifetimeMs / 3);
  renewing.unref();

  const waitForOther = (attempt: number): Promise<void> => {
    const milliseconds = Math.min(askAgainMs.most, askAgainMs.first * 2 ** attempt);
    return sleep(milliseconds * (0.5 + Math.random() / 2), undefined, { signal: closing.signal });
  };

  return {
    async claim(name, now) {
      const key = `unkey:answer:${name}`;
      const mark = `?${randomUUID()}`;
      let expired = '';
      for (let attempt = 0; ; attempt++) {
        const found = await connection.run(claimScript, [key], [mark, claimLifetimeMs, expired]);
        if (typeof found !== 'string') {
          claims.set(name, { key, mark, claimedAt: now });
          return null;
        }
        const known = parseEntry(found);
        if (known === null) await waitForOther(attempt);
        else if (known.expiresAt > now) return known;
        else expired = found;
      }
    },
    async remember(name, { fingerprint, answer }, expiresAt) {
      const claim = claims.get(name);
      if (claim === undefined)
        throw new Error('An answer was remembered under a name that nobody has claimed.');
      claims.delete(name);
      const entry: Entry = { fingerprint, answer, expiresAt };
      const lifetime = Math.max(1, expiresAt - claim.claimedAt);
      await connection.run(rememberScript, [claim.key], [JSON.stringify(entry), lifetime]);
    },
    async release(name) {
      const claim = claims.get(name);
      claims.delete(name);
      if (claim !== undefined) await connection.run(releaseScript, [claim.key], [claim.mark]);
    },
    close() {
      clearInterval(renewing);
      closing.abort();
    },
  };
}

/** Null: the call under this name still runs. */
function parseEntry(found: string): Entry | null {
  return found.startsWith('{') ? JSON.parse(found) : null;
}
