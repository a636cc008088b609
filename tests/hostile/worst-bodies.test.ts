import { issuesMax, type Operation, operations } from '@unkey-ts/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refusal } from '../../packages/server/src/operations/refusal.ts';
import { parseBody } from '../../packages/server/src/pipeline/body.ts';
import { newDataDir, removeDataDirs } from '../cli/data-folders.ts';
import { endServers, type ServerProcess, startServer } from '../cli/server-process.ts';
import { type WorstBody, worstBodies } from './worst-bodies.ts';

const kB = 1024;
const MiB = 1024 * kB;
const headers = { 'content-type': 'application/json' };
const withBody = Object.values<Operation>(operations).filter(({ input }) => input !== null);

/** Milliseconds of CPU, the least of some runs: other processes only ever add to it. */
function cpuMs(act: () => void, runs: number): number {
  const times = Array.from({ length: runs }, () => {
    const start = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

function parseOnly(bytes: Buffer): void {
  try {
    JSON.parse(bytes.toString('utf8'));
  } catch {
    // Some of the bodies are not JSON.
  }
}

// What runs for the first time is not yet compiled.
beforeAll(() => {
  for (const { text } of worstBodies(operations['keys.createKey'], 16 * kB)) {
    cpuMs(() => parseBody(operations['keys.createKey'], headers, Buffer.from(text)), 10);
  }
});

/**
 * Each costs at most five times what parsing it costs: about three when nothing else runs. Small times are not
 * compared, they are noise. What this guards against took a hundred times as much.
 */
function expectCheap(operation: Operation, bodies: Iterable<WorstBody>): void {
  for (const { name, text } of bodies) {
    const bytes = Buffer.from(text);
    const parsed = parseBody(operation, headers, bytes);
    if (parsed instanceof Refusal) expect(parsed.issues.length, name).toBeLessThanOrEqual(issuesMax);
    const isCheap = [1, 5, 20].some(
      (runs) =>
        cpuMs(() => parseBody(operation, headers, bytes), runs) <=
        5 * cpuMs(() => parseOnly(bytes), runs) + bytes.length / (16 * kB),
    );
    expect(isCheap, `${operation.id}: ${name}`).toBe(true);
  }
}

test.each(withBody.map((operation) => [operation.id, operation] as const))(
  '%s: no body of 64 kB costs much more than parsing it',
  (_, operation) => expectCheap(operation, worstBodies(operation, 64 * kB)),
);

test('keys.createKey: no body of 1 MiB exceeds the time', () => {
  const bodies = [...worstBodies(operations['keys.createKey'], MiB)];
  expectCheap(
    operations['keys.createKey'],
    bodies.filter(({ name }) => / (as the body|in meta|in permissions)$/.test(name)),
  );
}, 120_000);

describe('a process with 160 MiB of heap', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    const env = { NODE_OPTIONS: '--max-old-space-size=160' };
    server = await startServer({ dataDir: await newDataDir(), env });
  });
  afterAll(async () => {
    await endServers();
    await removeDataDirs();
  });

  test('refuses every body of almost 10 MiB, one after the other, and continues to serve', async () => {
    for (const { name, text } of worstBodies(operations['keys.migrateKeys'], 10 * MiB - 64 * kB)) {
      if (name.includes(' in ')) continue;
      const reply = await fetch(`${server.url}/v2/keys.migrateKeys`, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${server.rootKey()}` },
        body: text,
      });
      expect([400, 413], name).toContain(reply.status);
      await reply.arrayBuffer();
    }
    expect((await fetch(`${server.url}/v2/liveness`)).status).toBe(200);
  }, 120_000);
});
