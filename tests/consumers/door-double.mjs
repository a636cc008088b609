const ratelimits = [
  { name: 'requests', limit: 3, remaining: 2, reset: Date.now() + 60_000, exceeded: false },
];

/** A client that knows one good key. */
export const unkey = {
  request: async (_operation, { key }) => ({
    meta: { requestId: 'req_1' },
    data:
      key === 'good'
        ? { valid: true, code: 'VALID', keyId: 'key_1', ratelimits }
        : { valid: false, code: 'RATE_LIMITED', ratelimits },
  }),
};
