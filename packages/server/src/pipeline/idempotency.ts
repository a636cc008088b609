import { createHash, hkdfSync } from 'node:crypto';
import {
  idempotencyKey as idempotencyKeySchema,
  idempotencyLifetimes,
  issuesOf,
  isValid,
  type Operation,
} from '@unkey-ts/contract';
import type { HttpResponse } from '../base/http-message.ts';
import type { Context, WriteContext } from '../operations/context.ts';
import { Refusal, refuse } from '../operations/refusal.ts';
import { open, seal, sealingKeyBytes } from '../secrets/sealing.ts';
import { respondText } from './respond.ts';

type Outcome = HttpResponse | Refusal;

/** A request with an `Idempotency-Key`. */
export interface KeyedRequest {
  readonly operation: Operation;
  readonly idempotencyKey: string;
  /** The root key itself: what opens the stored answer. */
  readonly bearer: string;
  readonly body: Uint8Array;
}

/** The key of a request whose operation looks at it; null: none. */
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
 * For writes: the first request's answer is stored, sealed, in the transaction of what it did. So it is there exactly
 * if the change is, whatever happens to the process.
 */
export function storingAnswer(
  request: KeyedRequest,
  perform: (context: WriteContext) => Promise<Outcome>,
): (context: WriteContext) => Promise<Outcome> {
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
      if (known.fingerprint !== fingerprint) return refuseOther();
      const answer = open(sealingKeyOf(request), known.response, place);
      return respondAgain(answer.toString('utf8'), requestId);
    }
    const outcome = await perform(context);
    if (outcome instanceof Refusal) return outcome;
    const sealed = seal(sealingKeyOf(request), Buffer.from(outcome.body, 'utf8'), place);
    await store.idempotencyRecords.complete(workspaceId, { operation, keyHash, response: sealed });
    return outcome;
  };
}

/** For spends: the first request's answer is remembered for a minute, where the counters are. */
export async function rememberingAnswer(
  request: KeyedRequest,
  context: Context,
  perform: (context: Context) => Promise<Outcome>,
): Promise<Outcome> {
  const { services, workspaceId, requestId, now } = context;
  const fingerprint = fingerprintOf(request, context);
  const name = `${workspaceId} ${request.operation.id} ${sha256(request.idempotencyKey)}`;
  const known = await services.counters.claim(name, now);
  if (known !== null) {
    return known.fingerprint === fingerprint ? respondAgain(known.response, requestId) : refuseOther();
  }
  let isRemembered = false;
  try {
    const outcome = await perform(context);
    if (outcome instanceof Refusal) return outcome;
    const expiresAt = now + idempotencyLifetimes.cached.milliseconds;
    await services.counters.complete(name, { fingerprint, response: outcome.body }, expiresAt);
    isRemembered = true;
    return outcome;
  } finally {
    if (!isRemembered) await services.counters.release(name);
  }
}

function respondAgain(answer: string, requestId: string): HttpResponse {
  const response = respondText(200, requestId, answer);
  response.headers['idempotent-replayed'] = 'true';
  return response;
}

function refuseOther(): Refusal {
  return refuse(
    'unkey/application/idempotency_conflict',
    'This Idempotency-Key was sent before with another body or by another root key. Choose a new one for each call.',
  );
}

function fingerprintOf({ body }: KeyedRequest, { rootKey }: Context): string {
  return createHash('sha256').update(`${rootKey.id}\n`).update(body).digest('base64url');
}

// The root key is nowhere in the database: who has only that cannot read the answers.
function sealingKeyOf({ bearer, idempotencyKey }: KeyedRequest): Uint8Array {
  return new Uint8Array(
    hkdfSync('sha256', bearer, idempotencyKey, 'unkey-ts stored answer', sealingKeyBytes),
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
