import { scriptOf } from './script.ts';

/**
 * Tells that a process lives, by the server's own clock, and answers how many do. It writes, so that it fails where
 * counting would. Key: the processes. Arguments: this one's name, and for how long silence is life, in milliseconds.
 */
export const heartbeatScript = scriptOf(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
`);

/** The process ends: the others' shares need not wait for its silence. */
export const farewellScript = scriptOf(`return redis.call('ZREM', KEYS[1], ARGV[1])`);
