import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Unkey } from 'unkey-ts';
import { protect } from 'unkey-ts/web';
import { createTestUnkey } from 'unkey-ts-server/testing';

const unkey = await createTestUnkey({ seed: './unkey.seed.yaml' });
after(() => unkey.close());
const client = new Unkey({ rootKey: unkey.rootKey, fetch: unkey.fetch });
const guard = protect({ unkey: client, permissions: 'documents.read' });
const requestWith = (key) =>
  new Request('http://localhost/documents', { headers: { authorization: `Bearer ${key}` } });

test('the door lets those in who may read', async () => {
  const caller = await guard(requestWith('doc_reader'));
  assert.equal(caller.identity.externalId, 'user_1');
  assert.equal((await guard(requestWith('doc_trial'))).status, 403);
  assert.equal((await guard(requestWith('unknown'))).status, 401);
});

test('the door stays shut when nobody answers', async () => {
  unkey.faults.add({ operation: 'keys.verifyKey', fault: { reset: true } });
  assert.equal((await guard(requestWith('doc_reader'))).status, 503);
});
