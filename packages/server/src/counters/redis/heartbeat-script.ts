import { scriptOf } from './script.ts';

/**
 * Registers a process as alive, by the clock of the server, and returns the number of live processes. It writes, so that
 * it fails where counting would fail. Key: the set of processes. Arguments: name of the process, time to live in
 * milliseconds.
 */
export const heartbeatScript = scriptOf(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
`);

/** Removes a process that ends: the shares of the others grow at their next heartbeat. */
export const deregisterScript = scriptOf(`return redis.call('ZREM', KEYS[1], ARGV[1])`);
