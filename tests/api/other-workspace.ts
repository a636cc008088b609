import type { OperationId } from '@unkey-ts/contract';
import type { World } from './scenario.ts';

export interface OtherWorkspace {
  readonly rootKey: string;
  /** Calls there with all permissions; fails the case unless the status is 200; returns `data`. */
  // biome-ignore lint/suspicious/noExplicitAny: cases know the shape of what they arrange
  do(operation: OperationId, body: unknown): Promise<any>;
}

/** Another workspace, whose data the workspace of the case must not see. */
export async function otherWorkspace({ service }: World): Promise<OtherWorkspace> {
  const { rootKey } = await service.newWorkspace();
  return {
    rootKey,
    async do(operation, body) {
      const reply = await service.call(operation, body, { rootKey });
      if (reply.status !== 200) throw new Error(`${operation} failed: ${JSON.stringify(reply.body)}`);
      return reply.body.data;
    },
  };
}
