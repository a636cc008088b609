import type { SimulatedId } from './model/model.ts';
import { identityOfKey, isLive, type Key, type State } from './model/state.ts';
import type { Random } from './random.ts';

export type Body = Record<string, unknown> | Record<string, unknown>[];

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const slugs = ['doc.read', 'DOC.READ', 'doc.write', 'doc.*', 'users:list', 'Users:List', 'a-b', '2fa'];
const roleNames = ['Admin', 'admin', 'Billing Admin', 'Büro', 'BÜRO', 'buro', 'Büro 2', '50% off_role'];
const externalIds = ['user.1', 'USER.1', 'org-2', 'x'];
const limitNames = ['requests', 'tokens', 'Requests'];
const namespaces = ['api', 'api', 'api', 'API', 'mail @ 日本'];
const identifiers = ['user_1', 'user_2', 'User_1', 'admin', '*'];
const patterns = ['user_*', '*', '*_1', 'u*_1', 'user_1', 'ad*n'];
const durations = [second, 10 * second, minute, minute, hour, hour, 30 * day];
// Each has a character that no id has: ids are random, and searches look at them, too.
const searches = ['', '  ', '%', '_', 'DOC.', 's:', 'BURÓ 2', 'g a', '50% OFF_', 'no such', '-', '\\'];
const metas = [{}, { plan: 'pro' }, { nested: { list: [1, null, 'é😀'], yes: true } }];
const words = ['A', 'Name of it', 'ключ 😀', '100% <&>'];

/** Makes bodies for one workspace: mostly with ids of existing resources of either workspace, sometimes with unknown ids. */
export class BodyMaker {
  readonly #random: Random;
  readonly #state: State;
  readonly #isKnown: (name: string) => boolean;
  readonly #workspace: number;

  constructor(random: Random, state: State, isKnown: (name: string) => boolean, workspace: number) {
    this.#random = random;
    this.#state = state;
    this.#isKnown = isKnown;
    this.#workspace = workspace;
  }

  bodyOf(operation: SimulatedId): Body {
    return this.#bodies[operation]();
  }

  verify(): Body {
    const key = this.#pickKey();
    return {
      key: key?.plain ?? 'no_such_key',
      ...this.#maybe(25, 'permissions', () => this.#query()),
      ...this.#maybe(35, 'credits', () => ({ cost: this.#random.pick([0, 1, 2, 5, 40]) })),
      ...this.#maybe(40, 'ratelimits', () =>
        this.#random.some([1, 1], 2).map(() => this.#requestedLimit(key)),
      ),
      ...this.#maybe(10, 'tags', () => ['path=/x']),
    };
  }

  readonly #bodies: Record<SimulatedId, () => Body> = {
    'apis.createApi': () => ({ name: this.#random.pick(['Shop', 'Übung 2', 'api_shop']) }),
    'apis.deleteApi': () => ({ apiId: this.#api() }),
    'apis.getApi': () => ({ apiId: this.#api() }),
    'apis.listKeys': () => ({
      apiId: this.#api(),
      ...this.#maybe(30, 'externalId', () => this.#random.pick(externalIds)),
      ...this.#maybe(20, 'decrypt', () => true),
      ...this.#pageSize(),
    }),
    'identities.createIdentity': () => ({
      externalId: this.#random.pick(externalIds),
      ...this.#maybe(50, 'meta', () => this.#random.pick(metas)),
      ...this.#maybe(60, 'ratelimits', () => this.#limits()),
    }),
    'identities.deleteIdentity': () => ({ identity: this.#identity() }),
    'identities.getIdentity': () => ({ identity: this.#identity() }),
    'identities.listIdentities': () => this.#search(),
    'identities.updateIdentity': () => ({
      identity: this.#identity(),
      ...this.#maybe(40, 'meta', () => this.#random.pick(metas)),
      ...this.#maybe(70, 'ratelimits', () => this.#limits()),
    }),
    'keys.addPermissions': () => ({ keyId: this.#key(), permissions: this.#atLeastOne(slugs) }),
    'keys.addRoles': () => ({ keyId: this.#key(), roles: [this.#role(), ...this.#roles()] }),
    'keys.createKey': () => this.#newKey(),
    'keys.deleteKey': () => ({ keyId: this.#key(), ...this.#maybe(50, 'permanent', () => true) }),
    'keys.getKey': () => ({ keyId: this.#key(), ...this.#maybe(20, 'decrypt', () => true) }),
    'keys.removePermissions': () => ({
      keyId: this.#key(),
      permissions: [this.#slug(), ...this.#random.some([this.#slug()], 1)],
    }),
    'keys.removeRoles': () => ({ keyId: this.#key(), roles: [this.#role()] }),
    'keys.rerollKey': () => ({
      keyId: this.#key(),
      expiration: this.#random.pick([0, 1, minute, minute + 1, 12 * hour]),
    }),
    'keys.setPermissions': () => ({ keyId: this.#key(), permissions: this.#random.some(slugs, 3) }),
    'keys.setRoles': () => ({ keyId: this.#key(), roles: this.#roles() }),
    'keys.updateCredits': () => ({
      keyId: this.#key(),
      operation: this.#random.pick(['set', 'set', 'increment', 'decrement']),
      ...this.#maybe(85, 'value', () => this.#random.pick([0, 1, 7, 30, 1_000_000_000_000, null])),
    }),
    'keys.updateKey': () => this.#keyUpdate(),
    'keys.verifyKey': () => this.verify(),
    'keys.whoami': () => ({ key: this.#plain() }),
    'permissions.createPermission': () => ({
      name: this.#random.pick(words),
      slug: this.#random.pick(slugs),
      ...this.#maybe(40, 'description', () => this.#random.pick([...words, ''])),
    }),
    'permissions.createRole': () => ({
      name: this.#random.pick(roleNames),
      ...this.#maybe(40, 'description', () => this.#random.pick([...words, ''])),
      ...this.#maybe(70, 'permissions', () => this.#random.some(slugs, 3)),
    }),
    'permissions.deletePermission': () => ({ permission: this.#permission() }),
    'permissions.deleteRole': () => ({ role: this.#roleReference() }),
    'permissions.getPermission': () => ({ permission: this.#permission() }),
    'permissions.getRole': () => ({ role: this.#roleReference() }),
    'permissions.listPermissions': () => this.#search(),
    'permissions.listRoles': () => this.#search(),
    'permissions.setRolePermissions': () => ({
      roleId: this.#idOf(this.#state.roles, 'role_absent'),
      permissions: this.#random.some(slugs, 3),
    }),
    'ratelimit.deleteOverride': () => this.#override(),
    'ratelimit.getOverride': () => this.#override(),
    'ratelimit.limit': () => this.#limit(),
    'ratelimit.listOverrides': () => ({ namespace: this.#namespace(), ...this.#pageSize() }),
    'ratelimit.multiLimit': () => [
      this.#limit(),
      ...this.#random.some([1, 1, 1], 3).map(() => this.#limit()),
    ],
    'ratelimit.setOverride': () => ({
      namespace: this.#namespace(),
      identifier: this.#random.pick(patterns),
      limit: this.#random.pick([0, 1, 4, 100]),
      duration: this.#random.pick(durations),
    }),
  };

  #newKey(): Body {
    return {
      apiId: this.#api(),
      ...this.#maybe(40, 'prefix', () => this.#random.pick(['test', 'my_app', 'p_'])),
      ...this.#maybe(40, 'name', () => this.#random.pick(words)),
      ...this.#maybe(15, 'byteLength', () => this.#random.pick([16, 24, 255])),
      ...this.#maybe(60, 'externalId', () => this.#random.pick(externalIds)),
      ...this.#maybe(40, 'meta', () => this.#random.pick(metas)),
      ...this.#maybe(30, 'roles', () => this.#roles()),
      ...this.#maybe(40, 'permissions', () => this.#random.some(slugs, 3)),
      ...this.#maybe(25, 'expires', () => this.#expiry()),
      ...this.#maybe(60, 'credits', () => ({
        remaining: this.#random.pick([0, 1, 3, 20, 20, null]),
        ...this.#maybe(60, 'refill', () => this.#refill()),
      })),
      ...this.#maybe(50, 'ratelimits', () => this.#limits()),
      ...this.#maybe(15, 'enabled', () => this.#random.chance(50)),
      ...this.#maybe(20, 'recoverable', () => true),
    };
  }

  #keyUpdate(): Body {
    return {
      keyId: this.#key(),
      ...this.#maybe(20, 'name', () => this.#random.pick([...words, null])),
      ...this.#maybe(30, 'externalId', () => this.#random.pick([...externalIds, null])),
      ...this.#maybe(20, 'meta', () => this.#random.pick([...metas, null])),
      ...this.#maybe(20, 'expires', () => this.#random.pick([this.#expiry(), null])),
      ...this.#maybe(20, 'enabled', () => this.#random.chance(70)),
      ...this.#maybe(30, 'credits', () =>
        this.#random.pick([null, this.#creditsUpdate(), this.#creditsUpdate()]),
      ),
      ...this.#maybe(25, 'ratelimits', () => this.#limits()),
      ...this.#maybe(20, 'roles', () => this.#roles()),
      ...this.#maybe(20, 'permissions', () => this.#random.some(slugs, 3)),
    };
  }

  #creditsUpdate() {
    return {
      ...this.#maybe(60, 'remaining', () => this.#random.pick([0, 2, 50, null])),
      ...this.#maybe(50, 'refill', () => this.#random.pick([null, this.#refill(), this.#refill()])),
    };
  }

  #refill() {
    const interval = this.#random.pick(['daily', 'monthly']);
    const dayPercent = interval === 'monthly' ? 95 : 5;
    return {
      interval,
      amount: this.#random.pick([1, 5, 25]),
      ...this.#maybe(dayPercent, 'refillDay', () => this.#random.pick([1, 15, 29, 30, 31])),
    };
  }

  #limits() {
    return this.#random.some(limitNames, 2).map((name) => ({
      name,
      limit: this.#random.pick([1, 2, 5]),
      duration: this.#random.pick(durations),
      autoApply: this.#random.chance(70),
    }));
  }

  #requestedLimit(key: Key | undefined) {
    const identity = key && identityOfKey(this.#state, key);
    const own = [...(key?.limits ?? []), ...(identity?.limits ?? [])].map(({ name }) => name);
    return {
      name: this.#random.pick(own.length > 0 && this.#random.chance(85) ? own : limitNames),
      ...this.#maybe(40, 'cost', () => this.#random.pick([0, 1, 2, 4])),
      ...this.#maybe(45, 'limit', () => this.#random.pick([0, 2, 8])),
      ...this.#maybe(45, 'duration', () => this.#random.pick(durations)),
    };
  }

  #limit() {
    return {
      namespace: this.#namespace(),
      identifier: this.#random.pick(identifiers),
      limit: this.#random.pick([1, 3, 10]),
      duration: this.#random.pick(durations),
      ...this.#maybe(40, 'cost', () => this.#random.pick([0, 1, 2, 5])),
    };
  }

  #query(depth = 0): string {
    if (this.#random.chance(3)) return this.#random.pick(['(a', 'a b', 'and', '()', 'a)', 'a OR', '@']);
    if (depth > 2 || this.#random.chance(50)) return this.#random.pick(slugs);
    const operator = this.#random.pick([' AND ', ' and ', ' OR ', '\tOr\n']);
    const both = `${this.#query(depth + 1)}${operator}${this.#query(depth + 1)}`;
    return this.#random.chance(40) ? `(${both})` : both;
  }

  #search() {
    return { ...this.#maybe(60, 'search', () => this.#random.pick(searches)), ...this.#pageSize() };
  }

  #pageSize() {
    return this.#maybe(70, 'limit', () => this.#random.pick([1, 2, 3, 100]));
  }

  #expiry(): number {
    return (
      this.#state.now + this.#random.pick([-hour, 2 * second, hour, 5 * day, 90 * day, 90 * day, 400 * day])
    );
  }

  #api(): string {
    const live = this.#state.apis.filter(({ isDeleted }) => !isDeleted);
    return this.#idOf(this.#random.chance(95) ? live : this.#state.apis, 'api_absent');
  }

  #key(): string {
    return this.#pickKey()?.id ?? 'key_absent';
  }

  #plain(): string {
    return this.#pickKey()?.plain ?? 'no_such_key';
  }

  #pickKey(): Key | undefined {
    const { keys } = this.#state;
    if (keys.length === 0 || this.#random.chance(4)) return undefined;
    const own = keys.filter((key) => isLive(this.#state, this.#workspace, key));
    // Mostly the newest keys, so that many operations concern the same key.
    return own.length > 0 && this.#random.chance(85)
      ? this.#random.pick(own.slice(-3))
      : this.#random.pick(keys);
  }

  #identity(): string {
    return this.#random.chance(60)
      ? this.#random.pick(externalIds)
      : this.#idOf(this.#state.identities, 'id_absent');
  }

  #permission(): string {
    return this.#random.chance(60)
      ? this.#random.pick(slugs)
      : this.#idOf(this.#state.permissions, 'perm_absent');
  }

  #slug(): string {
    const own = this.#state.permissions.filter(({ workspace }) => workspace === this.#workspace);
    return own.length > 0 && this.#random.chance(80) ? this.#random.pick(own).slug : this.#random.pick(slugs);
  }

  #role(): string {
    const own = this.#state.roles.filter(({ workspace }) => workspace === this.#workspace);
    return own.length > 0 && this.#random.chance(85)
      ? this.#random.pick(own).name
      : this.#random.pick(roleNames);
  }

  #roles(): string[] {
    return this.#random.some([1, 1], 2).map(() => this.#role());
  }

  #roleReference(): string {
    return this.#random.chance(60) ? this.#role() : this.#idOf(this.#state.roles, 'role_absent');
  }

  #namespace(): string {
    return this.#random.pick(namespaces);
  }

  /** Mostly an existing override, or an identifier that its pattern matches. */
  #override() {
    const own = this.#state.namespaces.filter(({ workspace }) => workspace === this.#workspace);
    const set = own.flatMap(({ name, overrides }) =>
      overrides.map(({ identifier }) => ({ namespace: name, identifier })),
    );
    if (set.length > 0 && this.#random.chance(60)) return this.#random.pick(set);
    return { namespace: this.#namespace(), identifier: this.#random.pick([...patterns, ...identifiers]) };
  }

  #atLeastOne(texts: readonly string[]): string[] {
    return [this.#random.pick(texts), ...this.#random.some(texts, 2)];
  }

  /** An id known from responses, mostly of this workspace. */
  #idOf(items: readonly { readonly id: string; readonly workspace: number }[], otherwise: string): string {
    const known = items.filter(({ id }) => this.#isKnown(id));
    const own = known.filter(({ workspace }) => workspace === this.#workspace);
    if (own.length > 0 && this.#random.chance(90)) return this.#random.pick(own).id;
    return known.length > 0 && this.#random.chance(70) ? this.#random.pick(known).id : otherwise;
  }

  #maybe(percent: number, name: string, make: () => unknown): Record<string, unknown> {
    return this.#random.chance(percent) ? { [name]: make() } : {};
  }
}
