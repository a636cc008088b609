import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const script = fileURLToPath(new URL('count.mjs', import.meta.url));

/** Three processes with 64 callers each use the same counters: exactly the limit of each passes. */
export async function expectExactCounts(kind: 'redis' | 'postgres', url: string): Promise<void> {
  const processes = await Promise.all([0, 1, 2].map(() => startCounting(kind, url)));
  const counts = await Promise.all(processes.map((process) => process.run()));
  const total = (counter: string) => counts.reduce((sum, count) => sum + (count[counter] ?? 0), 0);
  expect(total('all')).toBe(3000);
  const some = Array.from({ length: 8 }, (_, index) => total(`some ${index}`));
  expect(some.reduce((sum, count) => sum + count, 0)).toBe(3000);
  expect(Math.max(...some)).toBeLessThanOrEqual(500);
  // Otherwise one process has handled all calls.
  for (const count of counts) expect(count.all).toBeGreaterThan(0);
}

async function startCounting(kind: string, url: string) {
  const child = spawn(process.execPath, [script, kind, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  return {
    async run(): Promise<Record<string, number>> {
      child.stdin.write('go\n');
      const line: string = (await lines.next()).value;
      expect(await exit).toEqual([0, null]);
      return JSON.parse(line);
    },
  };
}
