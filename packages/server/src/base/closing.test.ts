import { expect, test } from 'vitest';
import { closeAll } from './closing.ts';

test('the resource opened last is closed first', async () => {
  const closed: string[] = [];
  await closeAll([() => void closed.push('folder'), async () => void closed.push('database')]);
  expect(closed).toEqual(['database', 'folder']);
});

test('a failed close does not keep others open, and the first failure is thrown', async () => {
  const closed: string[] = [];
  const closing = closeAll([
    () => void closed.push('folder'),
    () => Promise.reject(new Error('database')),
    () => Promise.reject(new Error('events')),
  ]);
  await expect(closing).rejects.toThrow('events');
  expect(closed).toEqual(['folder']);
});
