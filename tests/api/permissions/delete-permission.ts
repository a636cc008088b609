import { expect } from 'vitest';
import { eventsOf } from '../audit.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const absent = { status: 404, code: 'unkey/data/permission_not_found' } as const;
const newPermission = async (world: World): Promise<string> =>
  (await world.do('permissions.createPermission', { name: 'Read', slug: 'documents.read' })).permissionId;

// No key has them here; otherwise these drop the keys that have them (storage/conformance/changes-conform.ts).
export const drops = [];

export default suite('permissions.deletePermission', [
  ...(
    [
      ['its id', (id: string) => ({ permission: id })],
      ['its slug in another case', { permission: 'DOCUMENTS.read' }],
    ] as const
  ).map(([what, body]) =>
    scenario({
      name: `a permission is deleted by ${what}, and that is audited`,
      arrange: newPermission,
      permissions: ['rbac.*.delete_permission'],
      body,
      expect: { status: 200 },
      async after(world, id, reply) {
        expect(reply.body.data).toEqual({});
        expect((await world.call('permissions.getPermission', { permission: id })).status).toBe(404);
        expect((await eventsOf(world)).slice(1)).toEqual(['permission.delete']);
        await newPermission(world);
      },
    }),
  ),
  scenario({
    name: 'roles and keys lose it at once',
    async arrange(world) {
      await newPermission(world);
      const { roleId } = await world.do('permissions.createRole', {
        name: 'Editor',
        permissions: ['documents.read'],
      });
      const { apiId } = await world.do('apis.createApi', { name: 'demo' });
      const direct = await world.do('keys.createKey', { apiId, permissions: ['documents.read'] });
      const byRole = await world.do('keys.createKey', { apiId, roles: ['Editor'] });
      const keys: string[] = [direct.key, byRole.key];
      for (const key of keys) {
        expect(await world.do('keys.verifyKey', { key, permissions: 'documents.read' })).toMatchObject({
          code: 'VALID',
        });
      }
      return { roleId, keys, keyId: direct.keyId };
    },
    body: { permission: 'documents.read' },
    expect: { status: 200 },
    async after(world, { roleId, keys, keyId }) {
      for (const key of keys) {
        expect(await world.do('keys.verifyKey', { key, permissions: 'documents.read' })).toMatchObject({
          code: 'INSUFFICIENT_PERMISSIONS',
        });
      }
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('permissions');
      expect(await world.do('permissions.getRole', { role: roleId })).toEqual({ id: roleId, name: 'Editor' });
    },
  }),
  scenario({
    name: '404 the second time',
    async arrange(world) {
      await newPermission(world);
      await world.do('permissions.deletePermission', { permission: 'documents.read' });
    },
    body: { permission: 'documents.read' },
    expect: absent,
  }),
  scenario({
    name: '404 for one of another workspace, which is unchanged',
    async arrange(world) {
      const other = await otherWorkspace(world);
      const made = await other.do('permissions.createPermission', { name: 'x', slug: 'theirs' });
      return { other, id: made.permissionId };
    },
    body: ({ id }: { id: string }) => ({ permission: id }),
    expect: absent,
    async after(_world, { other, id }) {
      await other.do('permissions.getPermission', { permission: id });
    },
  }),
  ...denied({
    body: { permission: 'nothing' },
    held: [[], ['rbac.*.read_permission'], ['rbac.*.delete_role']],
  }),
  ...malformed([
    ['no reference', {}, 'body.permission'],
    ['an empty reference', { permission: '' }, 'body.permission'],
    ['a reference of other characters', { permission: 'a/b' }, 'body.permission'],
    ['a member that it does not know', { permission: 'abc', force: true }, 'body.force'],
  ]),
]);
