/**
 * The expected state of the service, as plain data. Ids are placeholders (`@key1`); the ids of the service are learnt by
 * comparing responses. Nothing is indexed or cached: every lookup is a scan.
 */
export interface State {
  now: number;
  /** The latest time so far: the clock may go back a little. */
  latest: number;
  made: number;
  apis: Api[];
  keys: Key[];
  identities: Identity[];
  permissions: Permission[];
  roles: Role[];
  namespaces: Namespace[];
  /** Every consumption of a limit. */
  charges: Charge[];
}

export interface Api {
  id: string;
  workspace: number;
  name: string;
  isDeleted: boolean;
}

export interface Limit {
  id: string;
  name: string;
  limit: number;
  duration: number;
  autoApply: boolean;
}

export interface Refill {
  interval: 'daily' | 'monthly';
  amount: number;
  refillDay?: number;
}

export type Meta = Record<string, unknown>;

export interface Key {
  id: string;
  /** Placeholder of the key's plaintext. */
  plain: string;
  prefix: string;
  workspace: number;
  api: string;
  name: string | null;
  meta: Meta | null;
  enabled: boolean;
  expires: number | null;
  createdAt: number;
  /** `@any` after a refill, which is stored some time after it is due. */
  updatedAt: number | '@any' | null;
  lastUsedAt: number | null;
  remaining: number | null;
  refill: Refill | null;
  identity: string | null;
  permissions: string[];
  roles: string[];
  limits: Limit[];
  isRecoverable: boolean;
  isDeleted: boolean;
}

export interface Identity {
  id: string;
  workspace: number;
  externalId: string;
  meta: Meta;
  limits: Limit[];
  isDeleted: boolean;
}

export interface Permission {
  id: string;
  workspace: number;
  slug: string;
  name: string;
  description: string | undefined;
}

export interface Role {
  id: string;
  workspace: number;
  name: string;
  description: string | undefined;
  permissions: string[];
}

export interface Override {
  id: string;
  identifier: string;
  limit: number;
  duration: number;
  isDeleted: boolean;
}

export interface Namespace {
  workspace: number;
  name: string;
  isDeleted: boolean;
  overrides: Override[];
}

export interface Charge {
  counter: string;
  sequence: number;
  duration: number;
  cost: number;
}

/** The expected response of an operation. */
export type Expected = { status: 200; data?: unknown } | { status: number; error: string };

export function newState(now: number): State {
  return {
    now,
    latest: now,
    made: 0,
    apis: [],
    keys: [],
    identities: [],
    permissions: [],
    roles: [],
    namespaces: [],
    charges: [],
  };
}

export function named(state: State, what: string): string {
  state.made += 1;
  return `@${what}${state.made}`;
}

export function success(data?: unknown): Expected {
  return { status: 200, data };
}

export function notFound(what: string): Expected {
  return { status: 404, error: `unkey/data/${what}_not_found` };
}

export function conflict(what: string): Expected {
  return { status: 409, error: `unkey/data/${what}_already_exists` };
}

export const invalid: Expected = { status: 400, error: 'unkey/application/invalid_input' };

export function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

export function findApi(state: State, workspace: number, id: string): Api | undefined {
  return state.apis.find((api) => api.id === id && api.workspace === workspace && !api.isDeleted);
}

export function isLive(state: State, workspace: number, key: Key): boolean {
  return key.workspace === workspace && !key.isDeleted && findApi(state, workspace, key.api) !== undefined;
}

export function findKey(state: State, workspace: number, id: string): Key | undefined {
  return state.keys.find((key) => key.id === id && isLive(state, workspace, key));
}

export function findPlain(state: State, workspace: number, plain: string): Key | undefined {
  return state.keys.find((key) => key.plain === plain && isLive(state, workspace, key));
}

export function findIdentity(state: State, workspace: number, reference: string): Identity | undefined {
  const live = state.identities.filter((one) => one.workspace === workspace && !one.isDeleted);
  return live.find(({ id }) => id === reference) ?? live.find(({ externalId }) => externalId === reference);
}

export function identityOfKey(state: State, key: Key): Identity | undefined {
  return state.identities.find(({ id, isDeleted }) => id === key.identity && !isDeleted);
}

export function findPermission(state: State, workspace: number, reference: string): Permission | undefined {
  const own = state.permissions.filter((one) => one.workspace === workspace);
  return own.find(({ id }) => id === reference) ?? own.find(({ slug }) => isSameName(slug, reference));
}

export function findRole(state: State, workspace: number, reference: string): Role | undefined {
  const own = state.roles.filter((one) => one.workspace === workspace);
  return own.find(({ id }) => id === reference) ?? own.find(({ name }) => isSameName(name, reference));
}
