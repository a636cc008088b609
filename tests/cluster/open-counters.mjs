/** Counters of a kind as a server opens them; `timeoutMs` is what the kind has when it is not given. */
export async function openCounters(kind, url, timeoutMs) {
  const counters = await openers[kind](url, timeoutMs === undefined ? {} : { timeoutMs });
  await counters.heartbeat?.();
  return counters;
}

const built = '../../packages/server/dist/counters';

const openers = {
  async memory() {
    const { memoryCounters } = await import(`${built}/memory.js`);
    return memoryCounters();
  },
  async redis(url, options) {
    const { parseRedisAddresses } = await import(`${built}/redis/address.js`);
    const { openRedisCounters } = await import(`${built}/redis/counters.js`);
    return openRedisCounters({ addresses: parseRedisAddresses(url), ...options });
  },
  async postgres(url, options) {
    const { openPostgresCounters } = await import(`${built}/postgres/counters.js`);
    return openPostgresCounters({ url, ...options });
  },
};
