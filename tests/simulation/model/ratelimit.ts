import type { InputOf } from '@unkey-ts/contract';
import { count } from './counting.ts';
import {
  type Expected,
  type Namespace,
  named,
  notFound,
  type Override,
  type State,
  success,
} from './state.ts';

type LimitInput = InputOf<'ratelimit.limit'>;

const gone: Expected = { status: 410, error: 'unkey/data/ratelimit_namespace_gone' };

export function limit(state: State, workspace: number, input: LimitInput): Expected {
  const batch = multiLimit(state, workspace, [input]);
  if (batch.status !== 200) return batch;
  const [first] = limitsOf(batch);
  const { passed, identifier: _, namespace: __, ...rest } = first ?? {};
  return success({ success: passed, ...rest });
}

export function multiLimit(
  state: State,
  workspace: number,
  inputs: InputOf<'ratelimit.multiLimit'>,
): Expected {
  const namespaces = inputs.map(({ namespace }) => namespaceFor(state, workspace, namespace));
  if (namespaces.some(({ isDeleted }) => isDeleted)) return gone;
  const overrides = inputs.map(({ identifier }, index) => match(namespaces[index], identifier));
  const checks = inputs.map((input, index) => ({
    counter: `${workspace} ${input.namespace} ${input.identifier}`,
    limit: overrides[index]?.limit ?? input.limit,
    duration: overrides[index]?.duration ?? input.duration,
    cost: input.cost ?? 1,
  }));
  const { passed, results } = count(state, checks);
  const limits = inputs.map(({ namespace, identifier }, index) => ({
    namespace,
    identifier,
    passed: results[index]?.passed,
    limit: checks[index]?.limit,
    remaining: results[index]?.remaining,
    reset: results[index]?.reset,
    ...(overrides[index] && { overrideId: overrides[index].id }),
  }));
  return success({ passed, limits });
}

function limitsOf(outcome: Expected): Record<string, unknown>[] {
  // `multiLimit` above creates them.
  return 'data' in outcome ? (outcome.data as { limits: Record<string, unknown>[] }).limits : [];
}

function findNamespace(state: State, workspace: number, name: string): Namespace | undefined {
  return state.namespaces.find((one) => one.workspace === workspace && one.name === name);
}

function namespaceFor(state: State, workspace: number, name: string): Namespace {
  const known = findNamespace(state, workspace, name);
  if (known !== undefined) return known;
  const namespace = { workspace, name, isDeleted: false, overrides: [] };
  state.namespaces.push(namespace);
  return namespace;
}

/** The override with exactly this identifier; otherwise the matching pattern with the most literal characters. */
function match(namespace: Namespace | undefined, identifier: string): Override | undefined {
  const live = (namespace?.overrides ?? []).filter(({ isDeleted }) => !isDeleted);
  const exact = live.find((one) => one.identifier === identifier);
  if (exact !== undefined) return exact;
  const letters = (one: Override) => one.identifier.replace(/\*/g, '').length;
  return live
    .filter((one) => one.identifier.includes('*') && asRegExp(one.identifier).test(identifier))
    .sort((a, b) => letters(b) - letters(a))[0];
}

function asRegExp(pattern: string): RegExp {
  const literal = (text: string) => text.replace(/[^\w]/g, '\\$&');
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`);
}

function liveNamespace(state: State, workspace: number, name: string): Namespace | undefined {
  const namespace = findNamespace(state, workspace, name);
  return namespace?.isDeleted ? undefined : namespace;
}

export function setOverride(
  state: State,
  workspace: number,
  { namespace: name, identifier, limit, duration }: InputOf<'ratelimit.setOverride'>,
): Expected {
  const namespace = liveNamespace(state, workspace, name);
  if (namespace === undefined) return notFound('ratelimit_namespace');
  const known = namespace.overrides.find((one) => one.identifier === identifier);
  const override = { id: known?.id ?? named(state, 'rlor'), identifier, limit, duration, isDeleted: false };
  namespace.overrides = [...namespace.overrides.filter((one) => one !== known), override];
  return success({ overrideId: override.id });
}

export function getOverride(
  state: State,
  workspace: number,
  { namespace: name, identifier }: InputOf<'ratelimit.getOverride'>,
): Expected {
  const namespace = liveNamespace(state, workspace, name);
  if (namespace === undefined) return notFound('ratelimit_namespace');
  const override = match(namespace, identifier);
  return override === undefined ? notFound('ratelimit_override') : success(show(override));
}

export function listOverrides(
  state: State,
  workspace: number,
  { namespace: name }: InputOf<'ratelimit.listOverrides'>,
): Expected {
  const namespace = liveNamespace(state, workspace, name);
  if (namespace === undefined) return notFound('ratelimit_namespace');
  return success(namespace.overrides.filter(({ isDeleted }) => !isDeleted).map(show));
}

export function deleteOverride(
  state: State,
  workspace: number,
  { namespace: name, identifier }: InputOf<'ratelimit.deleteOverride'>,
): Expected {
  const namespace = liveNamespace(state, workspace, name);
  if (namespace === undefined) return notFound('ratelimit_namespace');
  const override = namespace.overrides.find((one) => one.identifier === identifier && !one.isDeleted);
  if (override === undefined) return notFound('ratelimit_override');
  override.isDeleted = true;
  return success({});
}

function show({ id, identifier, limit, duration }: Override) {
  return { overrideId: id, identifier, limit, duration };
}
