import { createHash, hkdfSync } from 'node:crypto';
import {
  idempotencyKey as idempotencyKeySchema,
  idempotencyLifetimes,
  issuesOf,
  isValid,
  type Operation,
} from '@unkey-ts/contract';
import type { MaybePromise } from '../base/maybe-promise.ts';
import type { Context, WriteContext } from '../operations/context.ts';
import { Refusal, refuse } from '../operations/refusal.ts';
import { open, seal, sealingKeyBytes } from '../secrets/sealing.ts';
import type { JsonResponse, Result } from './request-state.ts';
import { respondText } from './respond.ts';

/** A request with an `Idempotency-Key`. */
export interface KeyedRequest {
  readonly operation: Operation;
  readonly idempotencyKey: string;
  /** The root key itself: it decrypts the record. */
  readonly bearer: string;
  readonly body: Uint8Array;
}

/** The request's key; null if it has none, or if the operation ignores it. */
export function parseIdempotencyKey(
  { idempotency }: Operation,
  header: string | undefined,
): string | null | Refusal {
  if (idempotency === undefined || header === undefined) return null;
  if (isValid(idempotencyKeySchema, header)) return header;
  const issues = issuesOf(idempotencyKeySchema, header, 'header.idempotency-key');
  const detail = 'The header Idempotency-Key must be 1 to 255 printable ASCII characters without blanks.';
  return new Refusal('unkey/application/invalid_input', detail, issues);
}

/**
 * For writes: the response is recorded, encrypted, in the transaction of its change. So the record exists exactly if
 * the change does, whatever happens to the process.
 */
export function withDurableRecord(
  request: KeyedRequest,
  perform: (context: WriteContext) => Promise<Result>,
): (context: WriteContext) => Promise<Result> {
  return async (context) => {
    const { store, workspaceId, requestId, now } = context;
    const operation = request.operation.id;
    const fingerprint = fingerprintOf(request, context);
    const keyHash = sha256(request.idempotencyKey);
    const expiresAt = now + idempotencyLifetimes.durable.milliseconds;
    const known = await store.idempotencyRecords.claim(
      workspaceId,
      { operation, keyHash, fingerprint, expiresAt },
      now,
    );
    const place = `${workspaceId} ${operation}`;
    if (known !== null) {
      if (known.fingerprint !== fingerprint) return refuseConflict();
      const text = open(sealingKeyOf(request), known.response, place).toString('utf8');
      return replay(text, requestId);
    }
    const result = await perform(context);
    if (result instanceof Refusal) return result;
    const sealed = seal(sealingKeyOf(request), Buffer.from(result.body, 'utf8'), place);
    await store.idempotencyRecords.complete(workspaceId, { operation, keyHash, response: sealed });
    return result;
  };
}

interface Spending {
  perform(context: Context): Promise<Result>;
  /** What to record of the result. */
  recordOf(result: JsonResponse): string;
  /** The text of the response from what was recorded; null: it may not be sent again. */
  restore(recordedText: string): MaybePromise<string | null>;
}

/** For spends: the response is recorded for a minute, where the counters are kept. */
export async function withCachedRecord(
  request: KeyedRequest,
  context: Context,
  { perform, recordOf, restore }: Spending,
): Promise<Result> {
  const { services, workspaceId, requestId, now } = context;
  const fingerprint = fingerprintOf(request, context);
  const name = `${workspaceId} ${request.operation.id} ${sha256(request.idempotencyKey)}`;
  const known = await services.counters.claim(name, now);
  if (known !== null) {
    if (known.fingerprint !== fingerprint) return refuseConflict();
    const text = await restore(known.response);
    // Without a claim: an operation says no only where it spends nothing.
    return text === null ? perform(context) : replay(text, requestId);
  }
  let isRecorded = false;
  try {
    const result = await perform(context);
    if (result instanceof Refusal) return result;
    const expiresAt = now + idempotencyLifetimes.cached.milliseconds;
    await services.counters.complete(name, { fingerprint, response: recordOf(result) }, expiresAt);
    isRecorded = true;
    return result;
  } finally {
    if (!isRecorded) await services.counters.release(name);
  }
}

function replay(text: string, requestId: string): JsonResponse {
  const response = respondText(200, requestId, text);
  response.headers['idempotent-replayed'] = 'true';
  return response;
}

function refuseConflict(): Refusal {
  return refuse(
    'unkey/application/idempotency_conflict',
    'This Idempotency-Key was used before with another body or another root key. Use a new one for each call.',
  );
}

function fingerprintOf({ body }: KeyedRequest, { rootKey }: Context): string {
  return createHash('sha256').update(`${rootKey.id}\n`).update(body).digest('base64url');
}

// The root key is not in the database: a copy of the database does not decrypt the records.
function sealingKeyOf({ bearer, idempotencyKey }: KeyedRequest): Uint8Array {
  return new Uint8Array(
    hkdfSync('sha256', bearer, idempotencyKey, 'unkey-ts stored answer', sealingKeyBytes),
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
