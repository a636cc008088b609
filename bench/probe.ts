import type { Job } from './load.ts';
import { type MeasuredService, rootKey } from './measured-process.ts';
import { prepareWorkload } from './workloads.ts';

export const probesPerSecond = 200;

/** Plain verifications at a steady rate for that long: what they wait shows what stands in their way. */
export async function probeOf(service: MeasuredService, seconds: number): Promise<Job> {
  const { bodies, expected } = await prepareWorkload('plain', service.call);
  return {
    url: service.url,
    path: '/v2/keys.verifyKey',
    rootKey,
    bodies,
    expected,
    connections: 8,
    perSecond: probesPerSecond,
    requests: probesPerSecond * seconds,
  };
}
