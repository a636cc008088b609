import {
  type Duration,
  NoopRatelimit,
  Overrides,
  Ratelimit,
  type RatelimitConfig,
  type Ratelimiter,
  type RatelimitResponse,
} from '@unkey/ratelimit';
import type { World } from './world.ts';

const denied: RatelimitResponse = { success: false, limit: 0, remaining: 0, reset: 0 };

class Mailer {
  readonly #limiter: Ratelimiter;

  constructor(limiter: Ratelimiter) {
    this.#limiter = limiter;
  }

  async send(to: string, recipients = 1): Promise<string> {
    const { success, remaining } = await this.#limiter.limit(to, { cost: recipients });
    return success ? `sent, ${remaining} left` : 'later';
  }
}

export async function program({ serverURL, rootKey, silentURL, weakRootKey }: World): Promise<unknown[]> {
  const seen: unknown[] = [];
  const window: Duration = '30 m';
  const config = (namespace: string, more: Partial<RatelimitConfig> = {}): RatelimitConfig => ({
    rootKey,
    baseUrl: serverURL,
    namespace,
    limit: 5,
    duration: window,
    disableTelemetry: true,
    ...more,
  });

  const mailer = new Mailer(new Ratelimit(config('mails')));
  for (const recipients of [3, 1, 2, 1]) seen.push(await mailer.send('ann', recipients));
  seen.push(await new Mailer(new NoopRatelimit()).send('ann'));

  const limiter = new Ratelimit(config('exports', { duration: '1h', timeout: false }));
  const first = await limiter.limit('ann', { limit: { limit: 50, duration: '2d' } });
  seen.push(Object.keys(first).sort(), first.limit, first.remaining, first.reset > Date.now());

  const cache = new Map<string, RatelimitResponse>();
  const strict = new Ratelimit(config('strict', { limit: 1, cache }));
  const responses = [];
  for (let count = 0; count < 3; count += 1) responses.push((await strict.limit('ann')).success);
  seen.push(responses, [...cache.keys()]);

  const fallback = (identifier: string) => ({ ...denied, success: identifier === 'ann' });
  const waiting = new Ratelimit(config('silent', { baseUrl: silentURL, timeout: { ms: '20ms', fallback } }));
  seen.push(await waiting.limit('ann'), (await waiting.limit('bob')).success);
  const fixed = new Ratelimit(
    config('silent', { baseUrl: silentURL, timeout: { ms: 20, fallback: { ...denied, limit: 7 } } }),
  );
  seen.push(await fixed.limit('ann'));

  const reported: string[] = [];
  const onError: RatelimitConfig['onError'] = (error, identifier) => {
    reported.push(`${error.constructor.name} ${error.name} ${identifier} ${error.message.includes('403')}`);
    return { ...denied, limit: 1 };
  };
  const weak = new Ratelimit(config('weak', { rootKey: weakRootKey, onError }));
  seen.push(await weak.limit('ann'), reported);
  const broken = new Ratelimit(config('broken', { duration: 'soon' as Duration, onError }));
  seen.push(await broken.limit('bob'), reported.length);
  const silent = new Ratelimit(config('weak', { rootKey: weakRootKey }));
  seen.push(
    await silent
      .limit('ann')
      .catch((error: { name: string; statusCode: number }) => [error.name, error.statusCode]),
  );

  const overrides = new Overrides({ rootKey, baseUrl: serverURL });
  const vip = { namespace: 'mails', identifier: 'vip_*' };
  const { data } = await overrides.setOverride({ ...vip, limit: 90, duration: 60_000 });
  const found = await overrides.getOverride(vip);
  seen.push(found.data.limit, found.data.overrideId === data.overrideId);
  const { data: list, pagination } = await overrides.listOverrides({ namespace: 'mails' });
  seen.push(
    list.map(({ identifier }) => identifier),
    pagination?.hasMore,
  );
  const allowed = await new Ratelimit(config('mails')).limit('vip_1');
  seen.push(allowed.limit, allowed.remaining, allowed.overrideId === data.overrideId);
  seen.push((await overrides.deleteOverride(vip)).data);
  return seen;
}
