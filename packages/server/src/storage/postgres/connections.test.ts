import { expect, test } from 'vitest';
import { deadNetworkMs } from './connections.ts';

test('a response comes before clients give up after three seconds, also when the network is dead', () => {
  expect(deadNetworkMs).toBeLessThanOrEqual(2000);
});
