import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';
import { callInProcess } from './in-process.ts';

const windows = 50;

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const cases = [5, 100].flatMap((limit) =>
  [1000, 5000].flatMap((duration) => [0.9, 1, 10].map((load) => ({ limit, duration, load }))),
);

test.each(cases)(
  'over fifty windows of $duration ms a load of $load times $limit passes as the limit says',
  async ({ limit, duration, load }) => {
    const { app, clock, rootKey } = service;
    const start = Math.ceil(clock.now() / duration) * duration;
    const offered = Math.floor(windows * limit * load);
    const body = { namespace: 'accuracy', identifier: `${limit} at ${load}`, limit, duration };
    let passed = 0;
    for (let index = 0; index < offered; index++) {
      clock.set(start + Math.floor(((index + 0.5) / offered) * windows * duration));
      const reply = await callInProcess(app, 'ratelimit.limit', { rootKey, body });
      if (reply.body.data.success) passed += 1;
    }
    const due = Math.min(windows * limit, offered);
    expect(passed / due).toBeGreaterThanOrEqual(0.95);
    expect(passed / due).toBeLessThanOrEqual(1.2);
  },
);
