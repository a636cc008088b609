import { type AnswerStore, claimLifetimeMs, type StoredAnswer } from '../shared-answers.ts';
import type { RedisConnection } from './connection.ts';
import { scriptOf } from './script.ts';

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

/** Under a name is a mark, or an answer as JSON. */
export function redisAnswerStore({ run }: RedisConnection): AnswerStore {
  return {
    async claim(name, mark, now) {
      for (let expired = ''; ; ) {
        const found = await run(claimScript, [keyOf(name)], [mark, claimLifetimeMs, expired]);
        if (typeof found !== 'string') return null;
        if (!found.startsWith('{')) return 'claimed';
        const known: StoredAnswer = JSON.parse(found);
        if (known.expiresAt > now) return known;
        expired = found;
      }
    },
    async renew(name, mark) {
      await run(renewScript, [keyOf(name)], [mark, claimLifetimeMs]);
    },
    async release(name, mark) {
      await run(releaseScript, [keyOf(name)], [mark]);
    },
    async remember(name, answer, lifetimeMs) {
      await run(rememberScript, [keyOf(name)], [JSON.stringify(answer), lifetimeMs]);
    },
  };
}

function keyOf(name: string): string {
  return `unkey:answer:${name}`;
}
