/**
 * Prints what one process counts a second with 64 callers at once, on 1000 counters and on one:
 * `node tests/cluster/counting-speed.mjs memory | redis redis://… | postgres postgres://…`, after a build.
 */
import { argv, cpuUsage } from 'node:process';
import { openCounters } from './open-counters.mjs';

const [kind, url] = argv.slice(2);
const callers = 64;
const seconds = 5;

const counters = await openCounters(kind, url);
for (const width of [1000, 1]) console.log(await measure(width));
await counters.close();

async function measure(width) {
  const latencies = [];
  const cpuBefore = cpuUsage();
  const end = performance.now() + seconds * 1000;
  const caller = async (index) => {
    for (let call = 0; performance.now() < end; call++) {
      const counter = `namespace\0ws\0speed\0${(index * 997 + call) % width}\x0060000`;
      const startedAt = performance.now();
      await counters.consume('ws', [{ counter, limit: 1e12, durationMs: 60_000, cost: 1 }], Date.now());
      latencies.push(performance.now() - startedAt);
      // A call that returns without waiting lets the others run.
      if (kind === 'memory' && call % 100 === 0) await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
  const { user, system } = cpuUsage(cpuBefore);
  latencies.sort((a, b) => a - b);
  const at = (part) => latencies[Math.floor(latencies.length * part)].toFixed(2);
  const perSecond = Math.round(latencies.length / seconds);
  const cpu = ((user + system) / latencies.length).toFixed(1);
  return `${kind}, ${width} counters: ${perSecond} calls/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${cpu} µs CPU a call`;
}
