import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';

/** The stored events of a verification and a limit, and their ids. */
async function recorded(env: Record<string, string>) {
  const service = await startService({ env });
  try {
    const data = async (...call: Parameters<typeof service.call>) => (await service.call(...call)).body.data;
    const { apiId } = await data('apis.createApi', { name: 'events' });
    const { key, keyId } = await data('keys.createKey', { apiId });
    expect(await data('keys.verifyKey', { key, tags: ['path=/v1'] })).toMatchObject({ code: 'VALID' });
    const limit = { namespace: 'mails', identifier: 'somebody', limit: 1, duration: 60_000 };
    expect(await data('ratelimit.limit', limit)).toMatchObject({ success: true });
    await service.app.services.events.flush();
    return { stored: await service.place.events(), ids: [apiId, keyId, 'path=/v1', 'somebody'] };
  } finally {
    await service.close();
  }
}

test('a verification and a limit decision leave events', async () => {
  const { stored, ids } = await recorded({});
  for (const id of ids) expect(stored).toContain(id);
});

test('with UNKEY_EVENTS=off they leave none', async () => {
  const { stored, ids } = await recorded({ UNKEY_EVENTS: 'off' });
  for (const id of ids) expect(stored).not.toContain(id);
});

describe('recorded', () => {
  let service: Service;
  let events: Record<string, unknown>[];
  let key: string;
  beforeAll(async () => {
    service = await startService();
    Object.assign(service.app.services.events, {
      record: (event: Record<string, unknown>) => events.push(event),
    });
  });
  afterAll(() => service.close());
  beforeEach(async () => {
    events = [];
    const { apiId } = (await service.call('apis.createApi', { name: 'events' })).body.data;
    const credits = { remaining: 5 };
    key = (await service.call('keys.createKey', { apiId, credits })).body.data.key;
  });

  test('a verification with the credits that it spent, a refused one with none', async () => {
    for (const cost of [3, 4, 0]) await service.call('keys.verifyKey', { key, credits: { cost } });
    await service.call('keys.verifyKey', { key, permissions: 'missing' });
    expect(events.map(({ outcome, spentCredits }) => [outcome, spentCredits])).toEqual([
      ['VALID', 3],
      ['USAGE_EXCEEDED', 0],
      ['VALID', 0],
      ['INSUFFICIENT_PERMISSIONS', 0],
    ]);
  });

  test('each with the trace of its request, or none', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traced = { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } };
    const limit = { namespace: 'mails', identifier: 'somebody', limit: 9, duration: 60_000 };
    await service.call('keys.verifyKey', { key }, traced);
    await service.call('ratelimit.limit', limit, traced);
    await service.call('ratelimit.multiLimit', [limit], traced);
    await service.call('keys.verifyKey', { key });
    const trace = { traceId, spanId: '00f067aa0ba902b7' };
    expect(events.map((event) => event.trace)).toEqual([trace, trace, trace, null]);
  });

  test('with X-Unkey-Metrics: disabled no limit, but verifications and batches of limits', async () => {
    const limit = { namespace: 'mails', identifier: 'somebody', limit: 10, duration: 60_000 };
    const types = async (headers: Record<string, string>) => {
      events = [];
      await service.call('ratelimit.limit', limit, { headers });
      await service.call('ratelimit.multiLimit', [limit, limit], { headers });
      await service.call('keys.verifyKey', { key }, { headers });
      return events.map(({ type }) => type);
    };
    expect(await types({ 'x-unkey-metrics': 'disabled' })).toEqual([
      'ratelimit',
      'ratelimit',
      'verification',
    ]);
    // Exact match: any other value is ignored.
    const all = ['ratelimit', 'ratelimit', 'ratelimit', 'verification'];
    expect(await types({ 'x-unkey-metrics': 'Disabled' })).toEqual(all);
    expect(await types({})).toEqual(all);
  });
});
