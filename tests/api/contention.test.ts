import { expect, test } from 'vitest';
import { type Reply, startService } from '../service.ts';
import { callInProcess } from './in-process.ts';

test('of ten thousand calls at once against a limit of 1,000 exactly 1,000 pass', async () => {
  const service = await startService();
  try {
    const { app, rootKey } = service;
    const body = { namespace: 'rush', identifier: 'everyone', limit: 1000, duration: 60_000 };
    // As sockets bring them, over some turns of the event loop: a process that is held up for half a second takes the
    // shared counters for gone.
    const calls: Promise<Reply>[] = [];
    for (let turn = 0; turn < 50; turn++) {
      for (let call = 0; call < 200; call++) {
        calls.push(callInProcess(app, 'ratelimit.limit', { rootKey, body }));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    const replies = await Promise.all(calls);
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    const passed = replies.filter((reply) => reply.body.data.success);
    expect(passed).toHaveLength(1000);
    const remaining = passed.map((reply) => reply.body.data.remaining).sort((a, b) => a - b);
    expect(remaining).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  } finally {
    await service.close();
  }
});
