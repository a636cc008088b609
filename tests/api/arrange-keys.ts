import type { AuditRecord } from '@unkey-ts/server';
import { auditOf } from './audit.ts';
import { otherWorkspace } from './other-workspace.ts';
import type { World } from './scenario.ts';

export interface MadeApi {
  readonly apiId: string;
  readonly keyspaceId: string;
}

export interface MadeKey extends MadeApi {
  readonly keyId: string;
  readonly key: string;
}

export async function makeApi(world: World): Promise<MadeApi> {
  const { apiId } = await world.do('apis.createApi', { name: 'payments' });
  return { apiId, keyspaceId: await keyspaceOf(world, world.workspaceId, apiId) };
}

/** Members of createKey's body. */
export interface KeyMembers {
  readonly apiId?: string;
  readonly [member: string]: unknown;
}

/** A key in a new API, unless the members have `apiId`. The call under test comes later. */
export async function makeKey(world: World, members: KeyMembers = {}): Promise<MadeKey> {
  const apiId = members.apiId ?? (await makeApi(world)).apiId;
  const keyspaceId = await keyspaceOf(world, world.workspaceId, apiId);
  const made = await world.do('keys.createKey', { ...members, apiId });
  world.clock.advance(1000);
  return { ...made, apiId, keyspaceId };
}

/** A key of another workspace. */
export async function makeForeignKey(world: World, members: object = {}): Promise<MadeKey> {
  const other = await otherWorkspace(world);
  const { apiId } = await other.do('apis.createApi', { name: 'theirs' });
  const made = await other.do('keys.createKey', { ...members, apiId });
  return { ...made, apiId, keyspaceId: '' };
}

/** Creates roles and returns their ids. */
export async function makeRoles(world: World, names: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) ids.push((await world.do('permissions.createRole', { name })).roleId);
  world.clock.advance(1000);
  return ids;
}

/** Creates permissions and returns their ids. */
export async function makePermissions(world: World, slugs: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const slug of slugs) {
    ids.push((await world.do('permissions.createPermission', { name: slug, slug })).permissionId);
  }
  world.clock.advance(1000);
  return ids;
}

/** A grant in the workspace of the case. */
export function grant({ workspaceId }: World, path: string): string {
  return `unkey:v1:${workspaceId}:${path}`;
}

/** The audit records from now on: `arrange` has advanced the clock. */
export async function recordsOfCall(world: World): Promise<AuditRecord[]> {
  const now = world.clock.now();
  return (await auditOf(world)).filter(({ at }) => at === now);
}

export async function eventsOfCall(world: World): Promise<string[]> {
  return (await recordsOfCall(world)).map(({ event }) => event);
}

/** Makes several calls at once. */
export function concurrently<Result>(
  count: number,
  call: (index: number) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

async function keyspaceOf({ service }: World, workspaceId: string, apiId: string): Promise<string> {
  const api = await service.app.services.storage.read((store) => store.apis.find(workspaceId, apiId));
  if (api === null) throw new Error(`There is no API ${apiId}.`);
  return api.keyspaceId;
}
