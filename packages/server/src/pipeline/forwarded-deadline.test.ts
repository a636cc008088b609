import { expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { randomIds } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import type { Services } from '../services.ts';
import { createPipeline } from './pipeline.ts';

test('a forwarded request that gets no response is refused after the deadline, and counted', async () => {
  const observed: string[] = [];
  const endpoints = createPipeline({
    // A forwarded request uses nothing else here.
    services: { ids: randomIds(), clock: systemClock } as Services,
    log: createLog({ level: 'silent' }),
    metrics: { observe: (operation, outcome) => void observed.push(`${operation} ${outcome}`) },
    trustedProxies: null,
    timeoutMs: 5,
    forward: () => new Promise(() => {}),
  });
  const endpoint = endpoints.find(({ path }) => path === '/v2/keys.createKey');
  const response = await endpoint?.handle({
    method: 'POST',
    path: '/v2/keys.createKey',
    headers: {},
    body: new Uint8Array(),
    peer: '192.0.2.7',
  });
  expect(response?.status).toBe(408);
  expect(observed).toEqual(['keys.createKey 408']);
});
