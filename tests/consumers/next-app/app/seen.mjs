import { Unkey } from 'unkey-ts';
import { Ratelimit } from 'unkey-ts/ratelimit';

// At import, as usual: a build has no root key.
const unkey = new Unkey();
const limiter = new Ratelimit({ unkey, namespace: 'next', limit: 2, duration: '30d', denials: false });

/** What a request sees of a key: its code, its credits, and whether a limit of two calls allows it. */
export async function seen(key) {
  const { data } = await unkey.keys.verifyKey({ key });
  const { success } = await limiter.limit(key);
  return `[${data.code} ${data.credits ?? 'none'} ${success}]`;
}
