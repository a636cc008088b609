import { type Duration, Ratelimit } from '@unkey/ratelimit';
import type { World } from './world.ts';

export async function program({ serverURL, rootKey, silentURL }: World): Promise<unknown[]> {
  const seen: unknown[] = [];
  const duration: Duration = '30m';
  const limiter = new Ratelimit({
    rootKey,
    baseUrl: serverURL,
    namespace: 'requests',
    limit: 3,
    duration,
    cache: new Map(),
    disableTelemetry: true,
  });
  for (const cost of [1, 2, 1, 1]) {
    const { success, limit, remaining, reset } = await limiter.limit('ann', { cost });
    seen.push([success, limit, remaining, reset > Date.now()]);
  }
  const patient = new Ratelimit({
    rootKey,
    baseUrl: serverURL,
    namespace: 'patient',
    limit: 1,
    duration: 60_000,
    timeout: false,
  });
  seen.push((await patient.limit('ann')).success, (await patient.limit('ann')).success);

  const late = new Ratelimit({
    rootKey,
    baseUrl: silentURL,
    namespace: 'late',
    limit: 3,
    duration: '1 h',
    timeout: {
      ms: '40 ms',
      fallback: (identifier) => ({ success: identifier === 'ann', limit: 7, remaining: 2, reset: 0 }),
    },
  });
  for (const identifier of ['ann', 'bob']) {
    const { success, limit, remaining, reset } = await late.limit(identifier);
    seen.push([success, limit, remaining, reset]);
  }
  return seen;
}
