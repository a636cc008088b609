import type { Services } from '../services.ts';
import type { AuditRecord } from '../storage/port/records.ts';
import type { Store } from '../storage/port/store.ts';
import type { Context, WriteContext } from './context.ts';
import { Refusal } from './refusal.ts';

/** Who changes something, and when: what its audit records say. */
type Origin = Pick<Context, 'workspaceId' | 'rootKey' | 'now' | 'clientIp' | 'userAgent'> & {
  readonly services: Pick<Services, 'storage' | 'ids'>;
};

/** One transaction with its audit records; a refusal rolls it back and is the result. */
export async function transact<Outside extends Origin, Result>(
  context: Outside,
  work: (context: Outside & Pick<WriteContext, 'store' | 'audit'>) => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const { services, workspaceId } = context;
  // Before the first await: when the client disconnects, its address is gone.
  const remoteIp = context.clientIp();
  const write = async (store: Store): Promise<Result> => {
    const records: Unfinished[] = [];
    const result = await work({
      ...context,
      store,
      audit: (event, { display, resources }) => {
        records.push({
          id: services.ids.id('log'),
          workspaceId,
          event,
          at: context.now,
          actor: { type: 'rootkey', id: context.rootKey.id, name: context.rootKey.name || 'root key' },
          display,
          remoteIp,
          userAgent: context.userAgent ?? null,
          resources,
          correlationId: null,
        });
      },
    });
    if (result instanceof Refusal) throw result;
    correlate(records, context);
    await store.audit.append(records);
    return result;
  };
  try {
    return await services.storage.write(write, { workspaceId });
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

type Unfinished = Omit<AuditRecord, 'correlationId'> & { correlationId: string | null };

/** Several records of one request share an id. */
function correlate(records: readonly Unfinished[], { services }: Origin): void {
  if (records.length < 2) return;
  const correlationId = services.ids.id('cor');
  for (const record of records) record.correlationId = correlationId;
}
