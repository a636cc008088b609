import {
  type Operations as Contract,
  type InputOf,
  issuesOf,
  type Operation,
  type OperationId,
  operationIds,
  operations,
} from '@unkey-ts/contract';
import { expect, expectTypeOf, test } from 'vitest';
import type { Call } from '../call.ts';
import { kindsOf } from '../operation-kind.ts';
import type { ListCall } from '../page.ts';
import type { PageBody } from '../response-body.ts';
import type {
  Apis,
  CreateKeyRequest,
  CreditsRefillRequest,
  CreditsRequest,
  Identities,
  Keys,
  LimitRequest,
  Operations,
  Permissions,
  Ratelimits,
  UpdateCreditsRequest,
  UpdateKeyRequest,
  VerifyKeyRequest,
} from './api.ts';
import { operationTable } from './operations.ts';

/** Whether two types are the same to the compiler, optional members and all. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Without what the client adds to the contract: `undefined` for what is left out, `readonly`, values to come. */
type Plain<T> = T extends string
  ? Known<T>
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Member in keyof T]: Plain<Exclude<T[Member], undefined>> }
      : T;

type Known<T extends string> = Same<T, string> extends true ? string : string extends T ? never : T;

type Output<Id extends OperationId> = NonNullable<Contract[Id]['types']>['output'];

/** `undefined` is the client's word for no body and no `data`; the contract says null. */
type OrNull<T> = [T] extends [undefined] ? null : Plain<T>;

type WrongRequest = {
  [Id in OperationId]: Same<OrNull<Operations[Id]['request']>, Plain<InputOf<Id>>> extends true ? never : Id;
}[OperationId];

/** Unions of variants are narrower than their schema: they are assignable to it, and have all its members. */
type WiderRequest = {
  [Id in OperationId]: OrNull<Operations[Id]['request']> extends Plain<InputOf<Id>> ? never : Id;
}[OperationId];

type WiderAnswer = {
  [Id in OperationId]: OrNull<Operations[Id]['response']['data']> extends Plain<Output<Id>> ? never : Id;
}[OperationId];

type WrongAnswer = {
  [Id in OperationId]: Same<OrNull<Operations[Id]['response']['data']>, Plain<Output<Id>>> extends true
    ? never
    : Id;
}[OperationId];

/** Both ways of saying what an operation takes and gives agree. */
type Method<Id extends keyof Operations> =
  Operations[Id]['response'] extends PageBody<infer Item>
    ? {
        request: Operations[Id]['request'];
        result: ListCall<Item, Operations[Id]['errorCode']>;
        options: Operations[Id]['options'];
      }
    : {
        request: Operations[Id]['request'];
        result: Call<Operations[Id]['response'], Operations[Id]['errorCode']>;
        options: Operations[Id]['options'];
      };

interface Resources {
  apis: Apis;
  identities: Identities;
  keys: Keys;
  permissions: Permissions;
  ratelimit: Ratelimits;
}

type MethodOf<Id> = Id extends `${infer Resource extends keyof Resources}.${infer Name}`
  ? Name extends keyof Resources[Resource]
    ? Resources[Resource][Name] extends (request: infer Request, options?: infer Options) => infer Result
      ? { request: Exclude<Request, undefined>; result: Result; options: Exclude<Options, undefined> }
      : never
    : never
  : never;

type WrongMethod = {
  [Id in Exclude<OperationId, 'liveness'>]: Same<MethodOf<Id>, Method<Id>> extends true ? never : Id;
}[Exclude<OperationId, 'liveness'>];

test('requests and responses have the types of the contract', () => {
  expectTypeOf<keyof Operations>().toEqualTypeOf<OperationId>();
  type Refined = 'keys.createKey' | 'keys.migrateKeys' | 'keys.updateCredits' | 'keys.updateKey';
  expectTypeOf<WrongRequest>().toEqualTypeOf<Refined>();
  expectTypeOf<WiderRequest>().toEqualTypeOf<never>();
  expectTypeOf<WrongAnswer>().toEqualTypeOf<'keys.verifyKey'>();
  expectTypeOf<WiderAnswer>().toEqualTypeOf<never>();
  expectTypeOf<WrongMethod>().toEqualTypeOf<never>();
});

/** What the service has to say about a body, as it arrives. */
function issues(id: Exclude<OperationId, 'liveness'>, body: unknown) {
  return issuesOf(operations[id].input, JSON.parse(JSON.stringify(body)), 'body');
}

test('what the service refuses does not compile', () => {
  const hourly = { interval: 'hourly', amount: 1 } as const;
  const createKey = [
    // @ts-expect-error a member is missing
    {} satisfies CreateKeyRequest,
    // @ts-expect-error a member is misspelled
    { apiId: 'api_docs', nmae: 'Laptop' } satisfies CreateKeyRequest,
    // @ts-expect-error null takes nothing away from what does not exist yet
    { apiId: 'api_docs', name: null } satisfies CreateKeyRequest,
    // @ts-expect-error an interval that does not exist
    { apiId: 'api_docs', credits: { remaining: 1, refill: { ...hourly } } } satisfies CreateKeyRequest,
    // @ts-expect-error a time is a number
    { apiId: 'api_docs', expires: new Date(0) } satisfies CreateKeyRequest,
  ];
  // The schema of the contract cannot express these: rules of the service refuse them.
  const daily = { interval: 'daily', amount: 1 } as const;
  // @ts-expect-error a monthly refill has a day
  void ({ interval: 'monthly', amount: 1 } satisfies CreditsRefillRequest);
  // @ts-expect-error unlimited credits are not refilled
  void ({ remaining: null, refill: daily } satisfies CreditsRequest);
  // @ts-expect-error an increment has a value
  void ({ keyId: 'key_docs', operation: 'increment' } satisfies UpdateCreditsRequest);
  // @ts-expect-error null is for `set` only
  void ({ keyId: 'key_docs', operation: 'decrement', value: null } satisfies UpdateCreditsRequest);
  const updateCredits = [
    // @ts-expect-error an operation that does not exist
    { keyId: 'key_docs', operation: 'double' } satisfies UpdateCreditsRequest,
  ];
  const verifyKey = [
    // @ts-expect-error the query is one text
    { key: 'demo_1', permissions: ['documents.read'] } satisfies VerifyKeyRequest,
    // @ts-expect-error how some clients called it
    { key: 'demo_1', keyCredits: { cost: 1 } } satisfies VerifyKeyRequest,
  ];
  for (const body of createKey) expect(issues('keys.createKey', body)).not.toEqual([]);
  for (const body of updateCredits) expect(issues('keys.updateCredits', body)).not.toEqual([]);
  for (const body of verifyKey) expect(issues('keys.verifyKey', body)).not.toEqual([]);
});

test('undefined members, null where the contract allows it, and constant lists compile', () => {
  const permissions = ['documents.read', 'documents.write'] as const;
  const createKey: CreateKeyRequest = { apiId: 'api_docs', name: undefined, permissions };
  const updateKey: UpdateKeyRequest = { keyId: 'key_docs', name: null, credits: { refill: null } };
  const limits: readonly LimitRequest[] = [
    { namespace: 'email.send', identifier: 'user_42', limit: 10, duration: 60_000, cost: undefined },
  ];
  expect(issues('keys.createKey', createKey)).toEqual([]);
  expect(issues('keys.updateKey', updateKey)).toEqual([]);
  expect(issues('ratelimit.multiLimit', limits)).toEqual([]);
});

test('a list without required members needs no request', () => {
  expectTypeOf<Parameters<Identities['listIdentities']>['length']>().toEqualTypeOf<0 | 1 | 2>();
  expectTypeOf<Parameters<Apis['listKeys']>['length']>().toEqualTypeOf<1 | 2>();
});

test('the table has every operation of the contract, with its kind', () => {
  const kindOf = ({ idempotency, isPaged, output }: Operation) => {
    if (idempotency !== undefined) return idempotency === 'durable' ? '+' : '!';
    return isPaged ? '*' : output === null ? '-' : '';
  };
  const declared = operationIds.map((id) => [id, kindOf(operations[id])]);
  expect([...kindsOf(operationTable)].toSorted()).toEqual(declared.toSorted());
});

test('an operation without an idempotency record is safe to repeat', () => {
  const declared = Object.values<Operation>(operations).filter(({ idempotency }) => !idempotency);
  expect(declared.map(({ idempotent }) => idempotent)).toEqual(declared.map(() => true));
});
