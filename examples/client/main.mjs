// Guards a web server with keys: makes some, lets them be used, looks after them.
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

  console.log('The server is asked without a key, then four times with a key that has three credits.');
  check('an answer without a key', await ask(), 401);
  for (const expected of [200, 200, 200, 429]) check('an answer with the key', await ask(key), expected);

  console.log('\nThe customer pays. Done twice under one idempotency key, it counts once.');
  const payment = { idempotencyKey: `payment-${customer}` };
  const credits = { keyId, operation: 'increment', value: 100 };
  await unkey.keys.updateCredits(credits, payment);
  const { data: balance } = await unkey.keys.updateCredits(credits, payment);
  check('the balance', balance.remaining, 100);
  check('an answer after the payment', await ask(key), 200);

  console.log('\nKeys without the permission, and after they were replaced:');
  const other = await unkey.keys.createKey({ apiId, name: 'second', externalId: customer });
  check('an answer without permission', await ask(other.data.key), 403);
  const replacement = await unkey.keys.rerollKey({ keyId, expiration: 0 });
  check('an answer with the old key', await ask(key), 401);
  check('an answer with the new key', await ask(replacement.data.key), 200);

  console.log('\nEvery key of the API, two on a page:');
  const names = [];
  for await (const item of unkey.apis.listKeys({ apiId, limit: 2 })) {
    names.push(item.name);
    console.log(`  ${item.keyId}  ${item.name}  ${item.start}…`);
  }
  check('the number of keys', names.length, 3);

  console.log('\nWhat goes wrong has a class, a code and the id of its request:');
  try {
    await unkey.identities.createIdentity({ externalId: customer });
  } catch (error) {
    check('the second customer of that name', error instanceof ConflictErrorResponse, true);
    console.log(`  ${error.name}, ${error.code}, ${error.requestId}: ${error.message}`);
  }
  const { ok, error } = await unkey.apis.getApi({ apiId: 'api_unknown' }).safe();
  check('an API that is not there', ok, false);
  console.log(`  ${error.name}, ${error.code}: ${error.message}`);

  await unkey.apis.deleteApi({ apiId });
  await unkey.identities.deleteIdentity({ identity: customer });
} catch (error) {
  // Without an answer there is nothing to go on with; a fault of this program looks like one.
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

/** Asks our own server, as a customer does, and says what it answers. */
async function ask(key) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  const response = await fetch(`${server.url}/documents`, { headers });
  console.log(`  ${response.status} ${await response.text()}`);
  return response.status;
}
