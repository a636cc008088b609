// Sells an API to fifty customers on three plans, and lets them use it five thousand times.
import { checks } from './checks.mjs';
import { connect } from './connect.mjs';
import { inParallel } from './in-parallel.mjs';
import { plans } from './plans.mjs';
import { summarise } from './summarise.mjs';

const requestsPerCustomer = 100;
const run = Date.now().toString(36);
const { url, call, close } = await connect();
const check = checks();

try {
  console.log(`The service is at ${url}.\n`);
  const { apiId } = await call('apis.createApi', { name: `Quickstart ${run}` });
  const roles = await createRoles();
  const customers = await inParallel(plans.flatMap(signUps), signUp);
  console.log(
    `${customers.length} customers have a key each. They send ${requestsPerCustomer} requests each …\n`,
  );

  const requests = customers.flatMap((customer) =>
    Array.from({ length: requestsPerCustomer }, (_, index) => ({ customer, index })),
  );
  const verifications = await inParallel(shuffled(requests), verify);
  const credits = await inParallel(customers, creditsLeft);

  for (const plan of plans) {
    const own = verifications.filter(({ customer }) => customer.plan === plan);
    const left = credits.filter(({ customer }) => customer.plan === plan);
    checkPlan(plan, own, left);
  }
  console.log(summarise({ plans, verifications, credits }));
  await replaceKey(customers.find(({ plan }) => plan.name === 'business'));
  await revokeKey(customers.find(({ plan }) => plan.name === 'free'));
  await cleanUp();

  async function createRoles() {
    const made = plans.map((plan) => ({ name: `${plan.name} ${run}`, permissions: plan.permissions }));
    return inParallel(made, (role) => call('permissions.createRole', role));
  }

  /** The plan's limit belongs to the identity: all keys of a customer share it. */
  async function signUp({ plan, externalId }) {
    await call('identities.createIdentity', {
      externalId,
      meta: { plan: plan.name },
      ratelimits: plan.limit ? [{ ...plan.limit, autoApply: true }] : [],
    });
    const { keyId, key } = await call('keys.createKey', {
      apiId,
      prefix: plan.name,
      externalId,
      roles: [`${plan.name} ${run}`],
      ...(plan.credits && { credits: { remaining: plan.credits } }),
    });
    return { plan, externalId, keyId, key };
  }

  /** Every tenth request is for an export. */
  async function verify({ customer, index }) {
    const permissions = index % 10 === 0 ? 'reports.export' : 'reports.read';
    const startedAt = performance.now();
    const { code } = await call('keys.verifyKey', { key: customer.key, permissions });
    return { customer, code, milliseconds: performance.now() - startedAt };
  }

  async function creditsLeft(customer) {
    const { credits: left } = await call('keys.getKey', { keyId: customer.keyId });
    return { customer, remaining: left?.remaining ?? null };
  }

  async function replaceKey(customer) {
    const replacement = await call('keys.rerollKey', { keyId: customer.keyId, expiration: 0 });
    const before = await call('keys.verifyKey', { key: customer.key });
    const after = await call('keys.verifyKey', { key: replacement.key, permissions: 'reports.export' });
    check('the replaced key', before.code, 'EXPIRED');
    check('its replacement', after.code, 'VALID');
    console.log(
      `${customer.externalId} has a new key: the old one is ${before.code}, the new one ${after.code}.`,
    );
  }

  async function revokeKey(customer) {
    await call('keys.deleteKey', { keyId: customer.keyId });
    const { code } = await call('keys.verifyKey', { key: customer.key });
    check('the revoked key', code, 'NOT_FOUND');
    console.log(`${customer.externalId} has lost theirs: ${code}.\n`);
  }

  async function cleanUp() {
    await call('apis.deleteApi', { apiId });
    await inParallel(customers, ({ externalId }) =>
      call('identities.deleteIdentity', { identity: externalId }),
    );
    await inParallel(roles, ({ roleId }) => call('permissions.deleteRole', { role: roleId }));
  }
} finally {
  await close();
}

const failures = check.failures();
console.log(failures.length === 0 ? 'Everything adds up.' : failures.join('\n'));
process.exitCode = failures.length === 0 ? 0 : 1;

function signUps(plan) {
  return Array.from({ length: plan.customers }, (_, index) => ({
    plan,
    externalId: `${plan.name}-${index + 1}-${run}`,
  }));
}

function checkPlan(plan, verifications, credits) {
  for (const [code, perCustomer] of Object.entries(plan.expected)) {
    const count = verifications.filter((one) => one.code === code).length;
    check(`${code} on plan ${plan.name}`, count, perCustomer * plan.customers);
  }
  const expected = Object.values(plan.expected).reduce((sum, count) => sum + count, 0);
  check(`verifications on plan ${plan.name}`, verifications.length, expected * plan.customers);
  for (const { customer, remaining } of credits) {
    check(`credits of ${customer.externalId}`, remaining, plan.credits && plan.credits - plan.expected.VALID);
  }
}

/** So that customers come in turns, as they do in life. */
function shuffled(items) {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
