import {
  type ErrorCode,
  errorsOf,
  errorType,
  isValid,
  type OperationId,
  operations,
} from '@unkey-ts/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CallOptions,
  type FakeClock,
  fakeClock,
  type Reply,
  type Service,
  type ServiceForm,
  startService,
} from '../service.ts';
import { eventsOf } from './audit.ts';

/** A workspace for one case, on a service that the cases of one resource share. */
export interface World {
  readonly service: Service;
  readonly workspaceId: string;
  /** Has all permissions. */
  readonly rootKey: string;
  readonly clock: FakeClock;
  /** Calls with all permissions; fails the case unless the status is 200; returns `data`. */
  // biome-ignore lint/suspicious/noExplicitAny: cases know the shape of what they arrange
  do(operation: OperationId, body: unknown): Promise<any>;
  /** Calls and returns the response, whatever its status. */
  call(operation: OperationId, body: unknown, options?: CallOptions): Promise<Reply>;
  /** A root key of this workspace with exactly these permissions. */
  rootKeyWith(...permissions: string[]): Promise<string>;
}

export interface Expected {
  readonly status: number;
  /** Code of the error; every declared one needs a case. */
  readonly code?: ErrorCode;
  /** Compared with `toMatchObject`; arrays by length and order. */
  readonly data?: unknown;
  /** Locations that `error.errors` must include. */
  readonly locations?: readonly string[];
}

/** How the service of a case is started. */
const environments = { usual: {}, withoutMasterKey: { UNKEY_MASTER_KEY: 'off' } } as const;

/** With `unknown` in its place, a function for the body would have no type of its own. */
export type Json = object | string | number | boolean | null;

/** One call and its expected result, as data. */
export interface Scenario<Vars = unknown> {
  /** A fact in the present tense. */
  readonly name: string;
  /** Default: `usual`. */
  readonly service?: keyof typeof environments;
  /** Creates the data of the case; its result is passed to the other members. */
  readonly arrange?: (world: World) => Promise<Vars>;
  /** Permissions of the caller's root key; absent: all. */
  readonly permissions?: readonly string[] | ((vars: Vars, world: World) => readonly string[]);
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Json | ((vars: Vars) => unknown);
  readonly expect: Expected | ((vars: Vars) => Expected);
  /** Checks after the call. */
  readonly after?: (world: World, vars: Vars, reply: Reply) => Promise<void>;
}

export interface Suite {
  readonly operation: OperationId;
  readonly cases: readonly Scenario[];
}

/** Types the other members of a case by its `arrange`. */
export function scenario<Vars>(one: Scenario<Vars>): Scenario {
  // Only this case's own `arrange` feeds its members.
  return one as Scenario;
}

export function suite(operation: OperationId, cases: readonly Scenario[]): Suite {
  return { operation, cases };
}

/** Runs the suites of a resource, each case in its own workspace; every declared error must have a case. */
export function runSuites(suites: readonly Suite[], form: ServiceForm = {}): void {
  const used = new Set(suites.flatMap(({ cases }) => cases.map(environmentOf)));
  const services = new Map<keyof typeof environments, Service>();
  beforeAll(async () => {
    for (const environment of used) {
      services.set(environment, await startService({ env: environments[environment], ...form }));
    }
  });
  afterAll(async () => {
    for (const service of services.values()) await service.close();
  });

  for (const { operation, cases } of suites) {
    describe(operation, () => {
      for (const one of cases) {
        test(one.name, () => runScenario(services.get(environmentOf(one)), operation, one));
      }
      test('every error that it declares has a case', () =>
        expect(uncoveredErrors(operation, cases)).toEqual([]));
    });
  }
  afterAll(() => {
    const rows = suites.map(
      ({ operation, cases }) => `  ${operation.padEnd(32)} ${String(cases.length).padStart(4)}`,
    );
    console.log(`cases per operation\n${rows.join('\n')}`);
  });
}

function environmentOf(one: Scenario): keyof typeof environments {
  return one.service ?? 'usual';
}

async function runScenario(
  service: Service | undefined,
  operation: OperationId,
  one: Scenario,
): Promise<void> {
  if (!service) throw new Error('The service of a case was not started.');
  // The clock of the previous case must not affect this one.
  service.clock.set(fakeClock().now());
  const world = await newWorld(service);
  const vars = await one.arrange?.(world);
  const permissions = typeof one.permissions === 'function' ? one.permissions(vars, world) : one.permissions;
  const rootKey = permissions === undefined ? world.rootKey : await world.rootKeyWith(...permissions);
  const body = typeof one.body === 'function' ? one.body(vars) : one.body;
  const audited = (await eventsOf(world)).length;
  const reply = await world.call(operation, body, {
    rootKey,
    ...(one.headers && { headers: { ...one.headers } }),
  });
  const expected = typeof one.expect === 'function' ? one.expect(vars) : one.expect;
  expectReply(operation, reply, expected);
  const events = (await eventsOf(world)).slice(audited);
  expect(operations[operation].audit).toEqual(expect.arrayContaining(events));
  await one.after?.(world, vars, reply);
}

function expectReply(operation: OperationId, reply: Reply, expected: Expected): void {
  expect({
    status: reply.status,
    type: reply.body.error?.type,
    detail: reply.body.error?.detail,
  }).toMatchObject({
    status: expected.status,
    ...(expected.code && { type: errorType(expected.code) }),
  });
  expectContract(operation, reply);
  if (expected.data !== undefined) expect(reply.body.data).toMatchObject(expected.data as object);
  if (expected.locations) {
    const places = reply.body.error.errors.map(({ location }: { location: string }) => location);
    expect(places).toEqual(expect.arrayContaining([...expected.locations]));
  }
}

/** Expects a response that the contract declares for the operation. */
export function expectContract(operation: OperationId, { status, body, headers }: Reply): void {
  expect(body.meta.requestId).toMatch(/^req_[a-zA-Z0-9]+$/);
  expect(headers.get('x-request-id')).toBe(body.meta.requestId);
  if (status !== 200) {
    expect(errorsOf(operations[operation]).map(errorType)).toContain(body.error.type);
    expect(body.error.status).toBe(status);
    return;
  }
  const { output, isPaged } = operations[operation];
  if (output === null) expect(body).not.toHaveProperty('data');
  else expect(isValid(output, body.data), JSON.stringify(body.data)).toBe(true);
  expect('pagination' in body).toBe(isPaged);
}

function uncoveredErrors(operation: OperationId, cases: readonly Scenario[]): ErrorCode[] {
  const covered = new Set(
    cases.map((one) => (typeof one.expect === 'function' ? undefined : one.expect.code)),
  );
  return operations[operation].errors.filter((code) => !covered.has(code));
}

/** A new workspace of a service. */
export async function newWorld(service: Service): Promise<World> {
  const { workspaceId, rootKey } = await service.newWorkspace();
  const call: World['call'] = (operation, body, options) =>
    service.call(operation, body, { rootKey, ...options });
  return {
    service,
    workspaceId,
    rootKey,
    clock: service.clock,
    call,
    async do(operation, body) {
      const reply = await call(operation, body);
      if (reply.status !== 200) throw new Error(`${operation} failed: ${JSON.stringify(reply.body)}`);
      return reply.body.data;
    },
    rootKeyWith: async (...permissions) => (await service.newRootKey(workspaceId, permissions)).key,
  };
}
