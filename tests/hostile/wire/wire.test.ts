import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { json, start } from '../../../packages/server/src/transport/conformance/started-listener.ts';
import { randomStream } from './random-streams.ts';
import { streams } from './streams.ts';
import { readStrictly } from './strict-reader.ts';

/** What a listener does with bytes, against tables and readers that know nothing of it. */

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

/** A listener that notes what its handler is given. `isLate`: the handler responds in a later turn. */
async function startNoting({ hasFastPath, isLate }: { hasFastPath: boolean; isLate: boolean }) {
  const noted: { path: string; body: string }[] = [];
  const { port } = await start({
    hasFastPath,
    maxBodyBytes: 10_000,
    handle({ path, body }) {
      noted.push({ path, body: latin1(body) });
      const response = json(200, { path });
      return isLate ? setImmediate(response) : response;
    },
  });
  return { port, takeNoted: () => noted.splice(0) };
}

/** All that comes back until the listener ends the connection. Each piece is sent in a turn of its own. */
async function exchange(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  let received = '';
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
    await setImmediate();
  }
  await ended;
  socket.destroy();
  return received;
}

/** The final statuses; `100 Continue` announces one. */
function statusesOf(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d+) /g)]
    .map(([, status]) => Number(status))
    .filter((status) => status >= 200);
}

const listeners = [
  { hasFastPath: true, isLate: false },
  { hasFastPath: true, isLate: true },
  { hasFastPath: false, isLate: false },
  { hasFastPath: false, isLate: true },
];

describe.each(listeners)('fast path $hasFastPath, late responses $isLate', (options) => {
  test.each(streams)('$name', async ({ text, statuses, bodies }) => {
    const { port, takeNoted } = await startNoting(options);
    expect(statusesOf(await exchange(port, [text]))).toEqual(statuses);
    expect(takeNoted().map(({ body }) => body)).toEqual(bodies);
  });
});

/** Long streams are split at so many places only. */
const splitsMax = 400;

describe.each([true, false])('split at every byte: fast path %s', (hasFastPath) => {
  test.each(streams)('$name', async ({ text, statuses, bodies }) => {
    const { port, takeNoted } = await startNoting({ hasFastPath, isLate: false });
    const step = Math.ceil(text.length / splitsMax);
    for (let from = 1; from < text.length; from += 40 * step) {
      const places = Array.from({ length: 40 }, (_, index) => from + index * step).filter(
        (at) => at < text.length,
      );
      const received = await Promise.all(
        places.map((at) => exchange(port, [text.slice(0, at), text.slice(at)])),
      );
      for (const [index, one] of received.entries())
        expect(statusesOf(one), `at ${places[index]}`).toEqual(statuses);
      const expected = places.flatMap(() => bodies).sort();
      expect(
        takeNoted()
          .map(({ body }) => body)
          .sort(),
        `from ${from}`,
      ).toEqual(expected);
    }
  });
});

/** Ends whatever is incomplete: it completes any body, and is no request. */
const filler = '?'.repeat(20_000);
const seeds = 1500;

test.each(listeners)(
  'no random stream has more requests than the RFC reads from it: fast path $hasFastPath, late $isLate',
  async (options) => {
    const { port, takeNoted } = await startNoting(options);
    let handled = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const text = randomStream(seed);
      const received = await exchange(port, [text, filler]);
      const requests = takeNoted();
      const what = `seed ${seed}: ${JSON.stringify(text)}`;
      const expected = readStrictly(text + filler).requests;
      expect(requests, what).toEqual(expected.slice(0, requests.length));
      expect(statusesOf(received).filter((status) => status === 200).length, what).toBeLessThanOrEqual(
        requests.length,
      );
      handled += requests.length;
    }
    expect(handled).toBeGreaterThan(seeds / 2);
  },
);
