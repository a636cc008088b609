// Both copies of the package in one process: `instanceof` of one works for errors of the other.
import assert from 'node:assert/strict';
import commonjs from './entries.cjs';
import { entries } from './entries.mjs';
import { world } from './world.mjs';

const copies = [entries['.'], commonjs.entries['.']];

assert.notEqual(copies[0].Unkey, copies[1].Unkey);
for (const [name, entry] of Object.entries(entries)) {
  assert.deepEqual(Object.keys(entry).sort(), Object.keys(commonjs.entries[name]).sort(), name);
}
for (const [thrower, other] of [copies, copies.toReversed()]) {
  const unkey = new thrower.Unkey({ rootKey: world.rootKey, serverURL: world.url });
  const error = await unkey.keys.getKey({ keyId: 'key_nowhere' }).catch((thrown) => thrown);
  assert(error instanceof other.NotFoundErrorResponse);
  assert(error instanceof other.UnkeyError);
  assert(!(error instanceof other.ConflictErrorResponse));
  assert(other.isUnkeyError(error));
}
console.log('done');
