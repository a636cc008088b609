import { UnkeyCore } from '@unkey/api/core.js';
import { apisCreateApi } from '@unkey/api/funcs/apisCreateApi.js';
import { keysCreateKey } from '@unkey/api/funcs/keysCreateKey.js';
import { keysVerifyKey } from '@unkey/api/funcs/keysVerifyKey.js';
import { ratelimitMultiLimit } from '@unkey/api/funcs/ratelimitMultiLimit.js';
import type { V2KeysVerifyKeyResponseBody } from '@unkey/api/models/components/v2keysverifykeyresponsebody';
import * as errors from '@unkey/api/models/errors';
import { type Result, unwrapAsync } from '@unkey/api/types/fp';
import type { World } from './world.ts';

function outcome(result: Result<V2KeysVerifyKeyResponseBody, Error>): string {
  if (!result.ok) return `error ${result.error.name}`;
  return result.value.data.code;
}

export async function program({ serverURL, rootKey }: World): Promise<unknown[]> {
  const core = new UnkeyCore({ serverURL, rootKey });
  const stranger = new UnkeyCore({ serverURL, rootKey: 'nobody' });
  const seen: unknown[] = [];
  const { data } = await unwrapAsync(apisCreateApi(core, { name: 'functions' }));
  const created = await keysCreateKey(core, { apiId: data.apiId, name: 'edge' });
  if (!created.ok) throw created.error;
  const { key } = created.value.data;

  seen.push(outcome(await keysVerifyKey(core, { key })));
  seen.push(outcome(await keysVerifyKey(core, { key: 'nobody' })));
  seen.push(outcome(await keysVerifyKey(stranger, { key })));

  const [inspected, call] = await keysVerifyKey(core, { key }).$inspect();
  seen.push(inspected.ok, call.status, call.response?.status, call.request?.method);

  const failed = await keysVerifyKey(stranger, { key });
  if (failed.error instanceof errors.UnauthorizedErrorResponse) seen.push(failed.error.error.title);
  const late = await keysVerifyKey(core, { key }, { signal: AbortSignal.abort() });
  switch (true) {
    case late.ok:
      seen.push('in time');
      break;
    case late.error instanceof errors.RequestAbortedError:
      seen.push('aborted');
      break;
    default:
      throw late.error;
  }
  await unwrapAsync(keysVerifyKey(stranger, { key })).catch((error: Error) => seen.push(error.name));

  const limits = await ratelimitMultiLimit(core, [
    { namespace: 'emails', identifier: 'ann', limit: 10, duration: 60_000 },
    { namespace: 'exports', identifier: 'ann', limit: 1, duration: 60_000, cost: 1 },
  ]);
  seen.push(
    limits.value?.data.passed,
    limits.value?.data.limits.map(({ remaining }) => remaining),
  );
  return seen;
}
