import type { Log } from '../base/log.ts';
import type { DamagedSecretError } from './sealing.ts';

/** Stored secrets that did not decrypt. Each is logged and counted: somebody has to restore or to look for it. */
export interface DamagedSecrets {
  report(at: { requestId: string; workspaceId: string }, error: DamagedSecretError): void;
  /** Reports since the start. */
  count(): number;
}

export function damagedSecrets(log: Pick<Log, 'error'>): DamagedSecrets {
  let count = 0;
  return {
    report({ requestId, workspaceId }, { message }) {
      count++;
      log.error({ requestId, workspaceId, reason: message }, 'a stored secret is damaged');
    },
    count: () => count,
  };
}
