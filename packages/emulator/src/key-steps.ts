import { AssertionError } from 'node:assert';
import type { InputOf, OperationId } from '@unkey-ts/contract';
import type { Clock, HttpHandler } from '@unkey-ts/server';
import { EmulatorError } from './emulator-error.ts';
import { parseMomentOrDuration } from './time.ts';
import type { NewKey, TestUnkey, Verification } from './types.ts';

/** Performs an operation; resolves to `data`, or throws an EmulatorError with the reason. */
export type Perform = <Id extends OperationId>(id: Id, input: InputOf<Id>) => Promise<never>;

export function performWith(handle: HttpHandler, rootKey: string): Perform {
  return async (id, input) => {
    const response = await handle({
      method: 'POST',
      path: `/v2/${id}`,
      headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(input)),
      peer: '127.0.0.1',
    });
    const { data, error } = JSON.parse(String(response.body));
    if (response.status === 200) return data as never;
    const issues = (error.errors ?? []).map(
      (one: { location: string; message: string }) => ` ${one.location} ${one.message}`,
    );
    throw new EmulatorError(`${id} is refused: ${error.detail}${issues.join(';')}`);
  };
}

/** What tests do with keys before and after what they test. None of it is recorded, and no fault applies to it. */
export function keySteps(
  perform: () => Perform,
  clock: Clock,
): Pick<TestUnkey, 'createKeyFor' | 'expectVerified'> {
  /** The API of keys for which none is named, by the service that has it: it is another one after a reset. */
  const ownApis = new WeakMap<Perform, Promise<{ apiId: string }>>();

  async function ownApi(): Promise<string> {
    const current = perform();
    const known = ownApis.get(current) ?? current('apis.createApi', { name: 'emulator' });
    ownApis.set(current, known);
    return (await known).apiId;
  }

  async function createKeyFor({ credits, expires, ...settings }: NewKey = {}) {
    const apiId = settings.apiId ?? (await ownApi());
    const input = {
      ...settings,
      apiId,
      ...(credits !== undefined && {
        credits: typeof credits === 'number' ? { remaining: credits } : credits,
      }),
      ...(expires !== undefined && { expires: parseMomentOrDuration(expires, clock.now()) }),
    };
    // The service checks it: tests in plain JavaScript pass what they like.
    const { key, keyId }: { key: string; keyId: string } = await perform()('keys.createKey', input as never);
    return { key, keyId, apiId };
  }

  async function expectVerified(key: string, verification: Readonly<Record<string, unknown>> = {}) {
    const found: Verification = await perform()('keys.verifyKey', { ...verification, key } as never);
    if (found.valid) return found;
    throw new AssertionError({
      message: `The key does not verify: ${found.code}`,
      actual: found.code,
      expected: 'VALID',
      operator: 'expectVerified',
      stackStartFn: expectVerified,
    });
  }

  return { createKeyFor, expectVerified };
}
