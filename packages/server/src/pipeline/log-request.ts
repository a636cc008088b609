import type { Log } from '../base/log.ts';
import { callerFields } from './log-fields.ts';
import type { RequestState } from './request-state.ts';

/** One line for each request. Verifications and limits are below the default level, except those that fail. */
export function logRequest(
  log: Log,
  { handler, request, requestId, caller }: RequestState,
  status: number,
  milliseconds: number,
): void {
  const { id, mode } = handler.operation;
  const level = status >= 500 ? 'warn' : mode === 'spend' ? 'debug' : 'info';
  if (!log.isLevelEnabled(level)) return;
  log[level](
    {
      requestId,
      operation: id,
      status,
      milliseconds: Math.round(milliseconds * 100) / 100,
      workspaceId: caller?.workspace.id,
      rootKeyId: caller?.rootKey.id,
      ...callerFields(request.headers),
    },
    'request',
  );
}
