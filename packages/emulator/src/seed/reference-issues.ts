import { type Issue, isRootKeyPermission, suggestion } from '@unkey-ts/contract';
import { emulatorRootKey } from '../root-key.ts';
import { parseMomentOrDuration } from '../time.ts';
import type { Seed, SeedKey, SeedWorkspace } from '../types.ts';

/** What a schema cannot say: that what a row refers to is in the seed, and that names are unique. */
export function referenceIssues(seed: Seed, now: number): Issue[] {
  const workspaces = seed.workspaces ?? [];
  const all = [
    { at: 'seed', workspace: seed },
    ...workspaces.map((workspace, index) => ({ at: `seed.workspaces[${index}]`, workspace })),
  ];
  return [
    ...all.flatMap(({ at, workspace }) => issuesOfWorkspace(at, workspace, now)),
    ...workspaces.flatMap(({ rootKeys = [] }, index) =>
      rootKeys.length > 0
        ? []
        : [
            issue(
              `seed.workspaces[${index}]`,
              'has no root key',
              'add one under rootKeys: nothing can use it otherwise',
            ),
          ],
    ),
    ...duplicates(
      all.flatMap(({ at, workspace }) => located(`${at}.rootKeys`, workspace.rootKeys, ({ key }) => key)),
      [emulatorRootKey],
    ),
    ...duplicates(
      all.flatMap(({ at, workspace }) => located(`${at}.keys`, workspace.keys, ({ key }) => key)),
    ),
    ...duplicates(all.flatMap(({ at, workspace }) => located(`${at}.keys`, workspace.keys, ({ id }) => id))),
    ...duplicates(all.flatMap(({ at, workspace }) => located(`${at}.apis`, workspace.apis, ({ id }) => id))),
  ];
}

interface Located {
  readonly location: string;
  readonly value: string;
}

function issuesOfWorkspace(at: string, workspace: SeedWorkspace, now: number): Issue[] {
  const { rootKeys = [], permissions = [], roles = [], identities, keys = [], namespaces } = workspace;
  const ofPermissions = references('permission', permissions);
  return [
    ...rootKeys.flatMap((rootKey, index) =>
      rootKeyIssues(`${at}.rootKeys[${index}]`, rootKey.permissions ?? []),
    ),
    ...roles.flatMap((role, index) => ofPermissions(`${at}.roles[${index}].permissions`, role.permissions)),
    ...keys.flatMap((key, index) => keyIssues(`${at}.keys[${index}]`, key, { workspace, now })),
    ...duplicates(permissions.map((value, index) => ({ location: `${at}.permissions[${index}]`, value }))),
    ...duplicates(located(`${at}.roles`, roles, ({ name }) => name)),
    ...duplicates(located(`${at}.identities`, identities, ({ externalId }) => externalId)),
    ...duplicates(located(`${at}.namespaces`, namespaces, ({ name }) => name)),
  ];
}

function rootKeyIssues(at: string, permissions: readonly string[]): Issue[] {
  return permissions.flatMap((permission, index) =>
    permission.includes('#') || isRootKeyPermission(permission)
      ? []
      : [
          issue(
            `${at}.permissions[${index}]`,
            `is ${JSON.stringify(permission)}, which is no permission of root keys`,
            'use one such as api.*.verify_key, or leave permissions out for all of them',
          ),
        ],
  );
}

function keyIssues(
  at: string,
  key: SeedKey,
  { workspace, now }: { workspace: SeedWorkspace; now: number },
): Issue[] {
  const { apis = [], permissions = [], roles = [] } = workspace;
  const names = apis.flatMap(({ id, name }) => (id === undefined ? [name] : [id, name]));
  const issues = [
    ...references('permission', permissions)(`${at}.permissions`, key.permissions),
    ...references(
      'role',
      roles.map(({ name }) => name),
    )(`${at}.roles`, key.roles),
  ];
  if (key.api !== undefined && !names.includes(key.api))
    issues.push(absent(`${at}.api`, key.api, 'API', names));
  if (key.api === undefined && apis.length > 1)
    issues.push(issue(at, 'does not say its API', `add api: ${names.join(' or ')}`));
  if (typeof key.expires === 'string') {
    try {
      parseMomentOrDuration(key.expires, now);
    } catch (error) {
      issues.push(issue(`${at}.expires`, `is not usable: ${error instanceof Error ? error.message : error}`));
    }
  }
  return issues;
}

function references(kind: string, known: readonly string[]) {
  return (at: string, used: readonly string[] = []): Issue[] =>
    used.flatMap((value, index) =>
      known.includes(value) ? [] : [absent(`${at}[${index}]`, value, kind, known)],
    );
}

function absent(location: string, value: string, kind: string, known: readonly string[]): Issue {
  const list = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  return issue(
    location,
    `is ${JSON.stringify(value)}, which is no ${kind} of this seed (${list}).${suggestion(value, known)}`,
  );
}

function located<Item>(
  at: string,
  items: readonly Item[] = [],
  nameOf: (item: Item) => string | undefined,
): Located[] {
  return items.flatMap((item, index) => {
    const value = nameOf(item);
    return value === undefined ? [] : [{ location: `${at}[${index}]`, value }];
  });
}

function duplicates(values: readonly Located[], taken: readonly string[] = []): Issue[] {
  const seen = new Set(taken);
  return values.flatMap(({ location, value }) => {
    if (seen.has(value)) return [issue(location, `repeats ${JSON.stringify(value)}`, 'use each once')];
    seen.add(value);
    return [];
  });
}

function issue(location: string, message: string, fix?: string): Issue {
  return { location, message, ...(fix !== undefined && { fix }) };
}
