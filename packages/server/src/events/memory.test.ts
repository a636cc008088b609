import { expect, test } from 'vitest';
import { exampleVerification } from './example-events.ts';
import { createMemoryEvents } from './memory.ts';

test('memory events keep what is recorded', async () => {
  const events = createMemoryEvents();
  const event = exampleVerification();
  events.record(event);
  await events.close();
  expect(events.recorded).toEqual([event]);
  expect(events.stats()).toEqual({ buffered: 0, written: 1, dropped: 0 });
});
