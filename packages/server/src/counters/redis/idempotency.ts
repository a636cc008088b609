import { claimLifetimeMs, decodeRecord, encodeRecord, type RecordStore } from '../shared-idempotency.ts';
import type { RedisConnection } from './connection.ts';
import { scriptOf } from './script.ts';

/** Arguments: token, lifetime of the claim, and an expired record to replace. Returns the value found, or claims the name. */
const claimScript = scriptOf(`
local found = redis.call('GET', KEYS[1])
if found and found ~= ARGV[3] then return found end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
`);

/** Arguments: token, lifetime. */
const renewScript = scriptOf(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
`);

/** Argument: token. */
const releaseScript = scriptOf(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`);

/** Arguments: record, lifetime. */
const completeScript = scriptOf(`
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`);

/** The value of a key is the token of a claim, or a record as JSON. */
export function redisRecordStore({ run }: RedisConnection): RecordStore {
  return {
    async claim(name, token, now) {
      for (let expired = ''; ; ) {
        const found = await run(claimScript, [keyOf(name)], [token, claimLifetimeMs, expired]);
        if (typeof found !== 'string') return null;
        if (!found.startsWith('{')) return 'claimed';
        const record = decodeRecord(found);
        if (record.expiresAt > now) return record;
        expired = found;
      }
    },
    async renew(name, token) {
      await run(renewScript, [keyOf(name)], [token, claimLifetimeMs]);
    },
    async release(name, token) {
      await run(releaseScript, [keyOf(name)], [token]);
    },
    async complete(name, record, lifetimeMs) {
      await run(completeScript, [keyOf(name)], [encodeRecord(record), lifetimeMs]);
    },
  };
}

// The prefix of the first release, which may run beside this one.
function keyOf(name: string): string {
  return `unkey:answer:${name}`;
}
