import { allRootKeyPermissions, rootKeyPermissions } from '@unkey-ts/contract';
import { CommandError } from './command-errors.ts';
import { suggestion } from './near-matches.ts';

/** `all`, or permissions with commas between them, each one checked: one that does not exist would do nothing. */
export function parseRootKeyPermissions(
  text: string,
  isUrnGrant: (permission: string) => boolean,
): readonly string[] {
  if (text.trim() === 'all') return allRootKeyPermissions;
  const permissions = text
    .split(',')
    .map((permission) => permission.trim())
    .filter((permission) => permission !== '');
  if (permissions.length === 0) {
    throw new CommandError(`--permissions names none. Say \`all\`, or list some: ${known()}.`);
  }
  const problems = permissions.map((permission) => problemOf(permission, isUrnGrant)).filter(isProblem);
  if (problems.length > 0) throw new CommandError(`${problems.join('\n')}\nThere are: ${known()}.`);
  return [...new Set(permissions)];
}

function problemOf(permission: string, isUrnGrant: (permission: string) => boolean): string | null {
  if (permission.includes('#') || permission.startsWith('unkey:')) {
    return isUrnGrant(permission)
      ? null
      : `'${permission}' is no grant in this workspace; one looks like unkey:v1:WORKSPACE_ID:keyspaces/KEYSPACE_ID#read_key.`;
  }
  if (allRootKeyPermissions.includes(permission) || forms.some((form) => form.test(permission))) return null;
  return `There is no permission '${permission}'.${suggestion(permission, allRootKeyPermissions)}`;
}

/** `api.{apiId}.read_key` as a pattern: permissions about one thing. */
const forms: readonly RegExp[] = rootKeyPermissions
  .map(({ nameForOne }) => nameForOne)
  .filter((name) => name !== null)
  .map((name) => new RegExp(`^${name.replaceAll('.', '\\.').replace(/\{\w+\}/, '[a-zA-Z0-9_-]+')}$`));

function isProblem(problem: string | null): problem is string {
  return problem !== null;
}

function known(): string {
  return allRootKeyPermissions.join(', ');
}
