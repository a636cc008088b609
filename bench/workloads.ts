import type { OperationId } from '@unkey-ts/contract';
import type { MeasuredService } from './measured-process.ts';

/** One kind of request, as a service of its own data is asked. */
export interface Workload {
  readonly operation: OperationId;
  /** One after the other, and from the start again. */
  readonly bodies: readonly string[];
  /** What a good answer holds. */
  readonly expected: string;
}

export const workloadNames = [
  'verify',
  'verify, credits',
  'verify, two limits',
  'limit',
  'createKey',
] as const;
export type WorkloadName = (typeof workloadNames)[number];

const howMany = 100;
/** More than a run takes. */
const plenty = 1_000_000_000;

/** Makes what the requests are about. */
export async function prepareWorkloads(service: MeasuredService): Promise<Record<WorkloadName, Workload>> {
  const apiId = await newApi(service);
  const verify = async (more: object): Promise<Workload> => ({
    operation: 'keys.verifyKey',
    bodies: (await newKeys(service, { apiId, ...more }, howMany)).map((key) => JSON.stringify({ key })),
    expected: '"code":"VALID"',
  });
  const ratelimits = [
    { name: 'minute', limit: plenty, duration: 60_000, autoApply: true },
    { name: 'hour', limit: plenty, duration: 3_600_000, autoApply: true },
  ];
  return {
    verify: await verify({}),
    'verify, credits': await verify({ credits: { remaining: plenty } }),
    'verify, two limits': await verify({ ratelimits }),
    limit: {
      operation: 'ratelimit.limit',
      bodies: Array.from({ length: howMany }, (_, number) =>
        JSON.stringify({ namespace: 'bench', identifier: `user_${number}`, limit: plenty, duration: 60_000 }),
      ),
      expected: '"success":true',
    },
    createKey: {
      operation: 'keys.createKey',
      bodies: [JSON.stringify({ apiId, name: 'made by the load' })],
      expected: '"keyId":"key_',
    },
  };
}

export async function newApi(service: MeasuredService): Promise<string> {
  return JSON.parse(await service.call('apis.createApi', { name: 'bench' })).data.apiId;
}

/** So many keys that are alike, made 32 at a time. */
export async function newKeys(service: MeasuredService, body: object, count: number): Promise<string[]> {
  const keys: string[] = [];
  let left = count;
  const one = async () => {
    while (left-- > 0) keys.push(JSON.parse(await service.call('keys.createKey', body)).data.key);
  };
  await Promise.all(Array.from({ length: 32 }, one));
  return keys;
}
