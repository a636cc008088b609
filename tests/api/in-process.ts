import type { OperationId } from '@unkey-ts/contract';
import type { App } from '@unkey-ts/server';
import type { Reply } from '../service.ts';

/** Calls an operation without a socket. */
export async function callInProcess(
  { handle }: App,
  operation: OperationId,
  { rootKey, body }: { readonly rootKey: string; readonly body: unknown },
): Promise<Reply> {
  const {
    status,
    headers,
    body: text,
  } = await handle({
    method: 'POST',
    path: `/v2/${operation}`,
    headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
    peer: '127.0.0.1',
  });
  return { status, headers: new Headers(headers), body: JSON.parse(String(text)) };
}
