import { afterEach, expect, test } from 'vitest';
import { newDataDir, removeDataDirs } from '../cli/data-folders.ts';
import { endServers, type ServerProcess, startServer } from '../cli/server-process.ts';
import { Acknowledged } from './acknowledged.ts';

const rounds = 4;
const writers = 12;
const stepsPerRound = 150;

afterEach(async () => {
  await endServers();
  await removeDataDirs();
});

test('a server killed during writes has everything it acknowledged, and spent nothing twice', async () => {
  const dataDir = await newDataDir();
  let server = await startServer({ dataDir });
  await server.said('What next');
  const rootKey = server.rootKey();
  const acknowledged = await Acknowledged.begin(server);

  for (let round = 1; round <= rounds; round++) {
    await writeUntilKilled(server, acknowledged, round * stepsPerRound);
    server = await startServer({ dataDir, rootKey });
    await acknowledged.check(server);
  }
}, 240_000);

/** Many writers at once; the kill comes while requests are running. */
async function writeUntilKilled(
  server: ServerProcess,
  acknowledged: Acknowledged,
  steps: number,
): Promise<void> {
  let isKilled = false;
  const writer = async (number: number): Promise<void> => {
    for (let step = number; !isKilled; step++) {
      await acknowledged.write(server, step).catch((error: unknown) => {
        if (!isKilled) throw error;
      });
      if (acknowledged.steps < steps || isKilled) continue;
      isKilled = true;
      server.signal('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, number) => writer(number)));
  expect(await server.ended).toEqual({ status: null, signal: 'SIGKILL' });
}
