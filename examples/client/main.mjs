// Protects a web server with keys: creates, uses and manages them.
import { ConflictErrorResponse, isUnkeyError } from 'unkey-ts';
import { checks } from '../quickstart/checks.mjs';
import { connect } from './connect.mjs';
import { startGuardedServer } from './guarded-server.mjs';

const customer = `customer-${Date.now().toString(36)}`;
const { unkey, close } = await connect();
const server = await startGuardedServer(unkey);
const check = checks();

try {
  const { apiId } = (await unkey.apis.createApi({ name: 'Documents' })).data;

  // A customer, and a key that may read documents three times.
  await unkey.identities.createIdentity({ externalId: customer, meta: { plan: 'trial' } });
  const first = await unkey.keys.createKey({
    apiId,
    name: 'first',
    externalId: customer,
    permissions: ['documents.read'],
    credits: { remaining: 3 },
  });
  const { key, keyId } = first.data;

  console.log('One request without a key, then four with a key that has three credits.');
  check('a response without a key', await fetchDocuments(), 401);
  for (const expected of [200, 200, 200, 429])
    check('a response with the key', await fetchDocuments(key), expected);

  console.log('\nThe customer pays. Two calls with the same idempotency key count once.');
  const payment = { idempotencyKey: `payment-${customer}` };
  const credits = { keyId, operation: 'increment', value: 100 };
  await unkey.keys.updateCredits(credits, payment);
  const { data: balance } = await unkey.keys.updateCredits(credits, payment);
  check('the balance', balance.remaining, 100);
  check('a response after the payment', await fetchDocuments(key), 200);

  console.log('\nA key without the permission, and a key that was rerolled:');
  const other = await unkey.keys.createKey({ apiId, name: 'second', externalId: customer });
  check('a response without permission', await fetchDocuments(other.data.key), 403);
  const replacement = await unkey.keys.rerollKey({ keyId, expiration: 0 });
  check('a response with the old key', await fetchDocuments(key), 401);
  check('a response with the new key', await fetchDocuments(replacement.data.key), 200);

  console.log('\nEvery key of the API, two per page:');
  const names = [];
  for await (const item of unkey.apis.listKeys({ apiId, limit: 2 })) {
    names.push(item.name);
    console.log(`  ${item.keyId}  ${item.name}  ${item.start}…`);
  }
  check('the number of keys', names.length, 3);

  console.log('\nErrors have a class, a code and a request id:');
  try {
    await unkey.identities.createIdentity({ externalId: customer });
  } catch (error) {
    check('the second customer of that name', error instanceof ConflictErrorResponse, true);
    console.log(`  ${error.name}, ${error.code}, ${error.requestId}: ${error.message}`);
  }
  const { ok, error } = await unkey.apis.getApi({ apiId: 'api_unknown' }).safe();
  check('an unknown API', ok, false);
  console.log(`  ${error.name}, ${error.code}: ${error.message}`);

  await unkey.apis.deleteApi({ apiId });
  await unkey.identities.deleteIdentity({ identity: customer });
} catch (error) {
  // The example cannot continue after a failed call. Other errors are faults of this program.
  if (!isUnkeyError(error)) throw error;
  console.error(`${error.operation} failed, ${error.name}: ${error.message}`);
  process.exitCode = 1;
} finally {
  server.close();
  await close();
}

const failures = check.failures();
console.log(failures.length === 0 ? '\nEverything is as it should be.' : failures.join('\n'));
if (failures.length > 0) process.exitCode = 1;

/** Calls the guarded server as a customer does, and returns the status. */
async function fetchDocuments(key) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  const response = await fetch(`${server.url}/documents`, { headers });
  console.log(`  ${response.status} ${await response.text()}`);
  return response.status;
}
