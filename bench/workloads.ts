import type { OperationId } from '@unkey-ts/contract';
import type { Bodies } from './bodies.ts';

/** One kind of request to a service with its own data. */
export interface Workload {
  readonly operation: OperationId;
  readonly bodies: Bodies;
  /** Text that a successful response contains. */
  readonly expected: string;
}

/** Calls an operation and returns the text of the response, which must be a success. */
export type Call = (operation: OperationId, body: unknown) => Promise<string>;

/** More than a run consumes. */
const plenty = 1_000_000_000;
const howMany = 100;

const isValid = '"code":"VALID"';
const twoLimits = { ratelimits: limits(2) };
const credits = { credits: { remaining: plenty } };

/** Creates the data that this kind of request needs. */
const makers = {
  plain: (call: Call) => verify(call, {}),
  'permissions query': async (call: Call): Promise<Workload> => {
    const permissions = ['documents.read', 'documents.write'];
    const workload = await verify(call, { permissions });
    const query = 'documents.read AND (documents.write OR documents.delete)';
    const bodies = (workload.bodies as readonly string[]).map((body) =>
      JSON.stringify({ ...JSON.parse(body), permissions: query }),
    );
    return { ...workload, bodies };
  },
  credits: (call: Call) => verify(call, credits),
  'two limits': (call: Call) => verify(call, twoLimits),
  'two limits, credits': (call: Call) => verify(call, { ...twoLimits, ...credits }),
  'unknown key': async (): Promise<Workload> => ({
    operation: 'keys.verifyKey',
    bodies: Array.from({ length: howMany }, (_, number) => JSON.stringify({ key: `nobody_${number}` })),
    expected: '"code":"NOT_FOUND"',
  }),
  limit: async (): Promise<Workload> => ({
    operation: 'ratelimit.limit',
    bodies: Array.from({ length: howMany }, (_, number) => JSON.stringify(limitOf(number))),
    expected: '"success":true',
  }),
  'multiLimit of 10': async (): Promise<Workload> => ({
    operation: 'ratelimit.multiLimit',
    bodies: Array.from({ length: howMany }, (_, number) =>
      JSON.stringify(Array.from({ length: 10 }, (_, item) => limitOf(number * 10 + item))),
    ),
    expected: '"passed":true',
  }),
  createKey: async (call: Call): Promise<Workload> => ({
    operation: 'keys.createKey',
    bodies: [JSON.stringify({ apiId: await newApi(call), name: 'made by the load' })],
    expected: '"keyId":"key_',
  }),
  'listKeys of 100': async (call: Call): Promise<Workload> => {
    const apiId = await newApi(call);
    await newKeys(call, { apiId, name: 'one of a hundred' }, 100);
    return {
      operation: 'apis.listKeys',
      bodies: [JSON.stringify({ apiId, limit: 100 })],
      expected: '"keyId":"key_',
    };
  },
} as const;

export type WorkloadName = keyof typeof makers;

export function prepareWorkload(name: WorkloadName, call: Call): Promise<Workload> {
  return makers[name](call);
}

/** Verifications of a hundred keys with the same settings. */
export async function verify(call: Call, more: object): Promise<Workload> {
  const keys = await newKeys(call, { apiId: await newApi(call), ...more }, howMany);
  return {
    operation: 'keys.verifyKey',
    bodies: keys.map((key) => JSON.stringify({ key })),
    expected: isValid,
  };
}

/** Limits of a key that every verification consumes. */
export function limits(count: number) {
  return Array.from({ length: count }, (_, number) => ({
    name: `limit_${number}`,
    limit: plenty,
    duration: 60_000 * (number + 1),
    autoApply: true,
  }));
}

export async function newApi(call: Call): Promise<string> {
  return JSON.parse(await call('apis.createApi', { name: 'bench' })).data.apiId;
}

/** Creates this many keys with the same settings, 32 at a time. */
async function newKeys(call: Call, body: object, count: number): Promise<string[]> {
  const keys: string[] = [];
  let left = count;
  const one = async () => {
    while (left-- > 0) keys.push(JSON.parse(await call('keys.createKey', body)).data.key);
  };
  await Promise.all(Array.from({ length: 32 }, one));
  return keys;
}

function limitOf(number: number) {
  return { namespace: 'bench', identifier: `user_${number}`, limit: plenty, duration: 60_000 };
}
