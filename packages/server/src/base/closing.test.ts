import { expect, test } from 'vitest';
import { closeAll } from './closing.ts';

test('what was opened last is closed first', async () => {
  const closed: string[] = [];
  await closeAll([() => void closed.push('folder'), async () => void closed.push('database')]);
  expect(closed).toEqual(['database', 'folder']);
});

test('one that fails keeps no other open, and the first failure is told', async () => {
  const closed: string[] = [];
  const closing = closeAll([
    () => void closed.push('folder'),
    () => Promise.reject(new Error('database')),
    () => Promise.reject(new Error('events')),
  ]);
  await expect(closing).rejects.toThrow('events');
  expect(closed).toEqual(['folder']);
});
