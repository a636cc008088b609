import { stat } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { arrivalOfRequest, eventLoopDelay, watchEventLoop } from './event-loop.ts';

const stallMs = 300;

function stall(): void {
  const until = performance.now() + stallMs;
  while (performance.now() < until);
}

test('a stall is seen, and requests that came during it have waited', async () => {
  watchEventLoop();
  watchEventLoop();
  // The file system replies during the stall, as sockets do; its reply is read after it.
  const waitedMs = () =>
    new Promise<number>((resolve) => {
      setImmediate(() => {
        stat('.', () => resolve(performance.now() - arrivalOfRequest()));
        stall();
      });
    });
  // On a busy machine the reply may come only after the stall.
  await vi.waitFor(async () => expect(await waitedMs()).toBeGreaterThan(stallMs - 50), { timeout: 30_000 });
  await vi.waitFor(() => expect(eventLoopDelay().longestMs).toBeGreaterThan(stallMs - 50), {
    timeout: 30_000,
  });
  expect(eventLoopDelay().meanMs).toBeGreaterThan(0);
});

test('requests of one turn arrive together, and those of the next turn later', async () => {
  const first = arrivalOfRequest();
  stall();
  expect(arrivalOfRequest()).toBe(first);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(arrivalOfRequest()).toBeGreaterThan(first);
});
