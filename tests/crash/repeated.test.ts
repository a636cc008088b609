import { afterEach, expect, test } from 'vitest';
import { newDataDir, removeDataDirs } from '../cli/data-folders.ts';
import { endServers, type ServerProcess, startServer } from '../cli/server-process.ts';

const writers = 12;
const responsesBeforeKill = 120;

afterEach(async () => {
  await endServers();
  await removeDataDirs();
});

test('after a kill every repeated request has one effect, and the acknowledged ones get the same response', async () => {
  const dataDir = await newDataDir();
  const server = await startServer({ dataDir });
  await server.said('What next');
  const rootKey = server.rootKey();
  const { apiId } = (await server.call('apis.createApi', { name: 'again' })).body.data;
  const responses = await createUntilKilled(server, apiId);
  const pending = [...responses.values()].filter((response) => response === null);
  expect(pending).toHaveLength(writers);

  const again = await startServer({ dataDir, rootKey });
  for (const [name, response] of responses) {
    const repeated = await createKey(again, { apiId, name });
    if (response !== null) expect(repeated).toEqual({ text: response, isReplayed: true });
  }
  expect((await namesOfKeys(again, apiId)).sort()).toEqual([...responses.keys()].sort());
}, 240_000);

/** Each writer creates one key after the other, until one gets no response (null) because the server was killed. */
async function createUntilKilled(server: ServerProcess, apiId: string): Promise<Map<string, string | null>> {
  const responses = new Map<string, string | null>();
  let acknowledged = 0;
  let isKilled = false;
  const writer = async (number: number): Promise<void> => {
    for (let step = 0; ; step++) {
      const name = `key-${number}-${step}`;
      responses.set(name, null);
      try {
        responses.set(name, (await createKey(server, { apiId, name })).text);
      } catch (error) {
        if (!isKilled) throw error;
        return;
      }
      acknowledged++;
      if (acknowledged < responsesBeforeKill || isKilled) continue;
      isKilled = true;
      server.signal('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, number) => writer(number)));
  expect(await server.ended).toEqual({ status: null, signal: 'SIGKILL' });
  return responses;
}

/** The name is the key of the request too. */
async function createKey(
  server: ServerProcess,
  { apiId, name }: { apiId: string; name: string },
): Promise<{ text: string; isReplayed: boolean }> {
  const response = await fetch(`${server.url}/v2/keys.createKey`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${server.rootKey()}`,
      'idempotency-key': name,
    },
    body: JSON.stringify({ apiId, name }),
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return { text, isReplayed: response.headers.has('idempotent-replayed') };
}

async function namesOfKeys(server: ServerProcess, apiId: string): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await server.call('apis.listKeys', { apiId, limit: 100, ...(cursor && { cursor }) });
    names.push(...body.data.map(({ name }: { name: string }) => name));
    cursor = body.pagination.cursor;
  } while (cursor !== undefined);
  return names;
}
