/**
 * A process that counts like a server: `node count.mjs redis|postgres URL`. It waits for a line, makes its calls, and
 * prints what has passed, by counter.
 */
import { stdin, stdout } from 'node:process';
import { openCounters } from './open-counters.mjs';

const [kind, url] = process.argv.slice(2);
const now = 1_700_000_040_000;
const durationMs = 60_000;
const callers = 64;
const callsEach = 50;

const counters = await openCounters(kind, url, 60_000);
stdout.write('ready\n');
await new Promise((resolve) => stdin.once('data', resolve));

const passed = {};
await Promise.all(Array.from({ length: callers }, (_, index) => makeCalls(index)));
await counters.close();
stdout.write(`${JSON.stringify(passed)}\n`);
stdin.destroy();

/** Each call takes from one counter of all, and from one of eight. */
async function makeCalls(caller) {
  const takes = [
    { counter: 'all', limit: 3000, durationMs, cost: 1 },
    { counter: `some ${caller % 8}`, limit: 500, durationMs, cost: 1 },
  ];
  if (caller % 2 === 1) takes.reverse();
  for (let call = 0; call < callsEach; call++) {
    const decision = await counters.consume('ws', takes, now);
    if (!decision.passed) continue;
    for (const { counter } of takes) passed[counter] = (passed[counter] ?? 0) + 1;
  }
}
