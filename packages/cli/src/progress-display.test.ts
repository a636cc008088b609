import type { TransferStep } from '@unkey-ts/server';
import { expect, test } from 'vitest';
import { progressDisplay } from './progress-display.ts';

function shownOf(steps: readonly TransferStep[], isErrorTerminal: boolean): string {
  let text = '';
  const collect = (part: string) => {
    text += part;
  };
  const display = progressDisplay({ isErrorTerminal, printError: collect });
  for (const step of steps) display.show(step);
  display.end();
  return text;
}

const copied = (done: number): TransferStep => ({ phase: 'copy', table: 'keys', done, total: 1000 });

test('a terminal gets one line that is written over', () => {
  expect(shownOf([copied(0), copied(505), { ...copied(1000), phase: 'compare' }], true)).toBe(
    [
      '\r[------------------------------]   0% copying keys\x1b[K',
      '\r[###############---------------]  50% copying keys\x1b[K',
      '\r[##############################] 100% comparing keys\x1b[K\n',
    ].join(''),
  );
});

test('anything else gets a line at each tenth', () => {
  const steps = Array.from({ length: 1001 }, (_, done) => copied(done));
  const lines = shownOf(steps, false).trimEnd().split('\n');
  expect(lines).toHaveLength(11);
  expect(lines[1]).toBe('copying:  10% (100 of 1000 rows)');
});

test('nothing to show leaves nothing', () => {
  expect(shownOf([], true)).toBe('');
});
