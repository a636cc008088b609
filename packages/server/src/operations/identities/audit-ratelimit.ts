import type { Identity, Ratelimit } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';

const verbs = {
  'ratelimit.create': 'Created',
  'ratelimit.update': 'Updated',
  'ratelimit.delete': 'Deleted',
} as const;

/** Audits the change of one limit of an identity. */
export function auditRatelimit(
  { audit }: WriteContext,
  event: keyof typeof verbs,
  { id, name }: Ratelimit,
  owner: Pick<Identity, 'id' | 'externalId'>,
): void {
  audit(event, {
    display: `${verbs[event]} ratelimit ${id} of identity ${owner.id}`,
    resources: [
      { type: 'ratelimit', id, name },
      { type: 'identity', id: owner.id, name: owner.externalId },
    ],
  });
}
