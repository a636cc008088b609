import { type Operation, operations } from '@unkey-ts/contract';
import { type Body, BodyMaker } from './bodies.ts';
import type { SimulatedId } from './model/model.ts';
import type { State } from './model/state.ts';
import { mayStepBack } from './model/time.ts';
import type { Random } from './random.ts';
import { type Theme, weightedOperations } from './themes.ts';

/** One step of a run. A broken call has a body that the contract refuses. */
export type Move =
  | { kind: 'call'; workspace: number; operation: SimulatedId; body: Body; isBroken: boolean }
  | { kind: 'repeat'; workspace: number; operation: SimulatedId; body: Body; times: number }
  | { kind: 'burst'; workspace: number; body: Body; times: number }
  | { kind: 'clock'; to: number }
  | { kind: 'sweep' }
  | { kind: 'restart' }
  | { kind: 'namespace'; workspace: number; name: string; isDeleted: boolean };

export const workspaceCount = 2;

/** The next step: mostly a valid one in this state, sometimes not. */
export function nextMove(
  theme: Theme,
  random: Random,
  state: State,
  isKnown: (name: string) => boolean,
): Move {
  const roll = random.below(100);
  if (roll < 10) return clockMove(theme, random, state);
  if (roll < 14) return { kind: 'sweep' };
  if (roll < 15) return random.chance(50) ? { kind: 'restart' } : { kind: 'sweep' };
  if (roll < 16) return namespaceMove(random, state) ?? clockMove(theme, random, state);
  const workspace = random.chance(85) ? 0 : 1;
  const maker = new BodyMaker(random, state, isKnown, workspace);
  if (roll < 19) return { kind: 'burst', workspace, body: maker.verify(), times: 2 + random.below(7) };
  const operation = missing(random, state, workspace) ?? random.pick(weightedOperations(theme));
  const body = maker.bodyOf(operation);
  if (isRepeatable(operation) && random.chance(20)) {
    return { kind: 'repeat', workspace, operation, body, times: 2 + random.below(3) };
  }
  if (!random.chance(3)) return { kind: 'call', workspace, operation, body, isBroken: false };
  return { kind: 'call', workspace, operation, body: broken(random, body), isBroken: true };
}

function isRepeatable(id: SimulatedId): boolean {
  const operation: Operation = operations[id];
  return operation.idempotency !== undefined;
}

/** Creates first what most operations need: an API, keys, a namespace, a role. */
function missing(random: Random, state: State, workspace: number): SimulatedId | null {
  const isOwn = (item: { workspace: number }) => item.workspace === workspace;
  const liveApis = state.apis.filter((api) => isOwn(api) && !api.isDeleted).map(({ id }) => id);
  if (random.chance(20)) return null;
  if (liveApis.length === 0) return 'apis.createApi';
  const keys = state.keys.filter((key) => liveApis.includes(key.api) && !key.isDeleted);
  if (keys.length < 2) return 'keys.createKey';
  if (!state.namespaces.some(isOwn)) return 'ratelimit.limit';
  return state.roles.some(isOwn) ? null : 'permissions.createRole';
}

function clockMove({ jumps }: Theme, random: Random, state: State): Move {
  if (random.chance(15)) {
    const to = state.latest - 1 - random.below(2000);
    if (mayStepBack(state, to)) return { kind: 'clock', to };
  }
  return { kind: 'clock', to: state.latest + random.pick(jumps) + random.below(3) };
}

function namespaceMove(random: Random, state: State): Move | null {
  if (state.namespaces.length === 0) return null;
  const { workspace, name, isDeleted } = random.pick(state.namespaces);
  return { kind: 'namespace', workspace, name, isDeleted: !isDeleted };
}

/** Gives one member a value of a wrong type. */
function broken(random: Random, body: Body): Body {
  if (Array.isArray(body)) return random.chance(50) ? [] : [...body, { namespace: '' }];
  const names = Object.keys(body).filter((one) => one !== 'meta');
  if (names.length === 0) return { unknown: true };
  const name = random.pick(names);
  const value = body[name];
  return { ...body, [name]: typeof value === 'string' ? 0 : value === null ? [] : 'text' };
}
