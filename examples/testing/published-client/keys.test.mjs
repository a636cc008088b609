import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unkey } from '@unkey/api';
import { HTTPClient } from '@unkey/api/lib/http.js';
import { createTestUnkey } from 'unkey-ts-server/testing';

test('an application that uses @unkey/api', async () => {
  const unkey = await createTestUnkey({ seed: './unkey.seed.yaml' });
  const httpClient = new HTTPClient({ fetcher: unkey.fetch });
  const client = new Unkey({ rootKey: unkey.rootKey, httpClient });
  const { data } = await client.keys.verifyKey({ key: 'doc_reader', permissions: 'documents.read' });
  assert.equal(data.code, 'VALID');
  assert.equal(unkey.requests.length, 1);
  await unkey.close();
});
