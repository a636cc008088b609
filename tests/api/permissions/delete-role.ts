import { expect } from 'vitest';
import { eventsOf } from '../audit.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const absent = { status: 404, code: 'unkey/data/role_not_found' } as const;
const newRole = async (world: World): Promise<string> =>
  (await world.do('permissions.createRole', { name: 'Editor', permissions: ['documents.read'] })).roleId;

// No key has them here; otherwise these drop the keys that have them (storage/conformance/changes-conform.ts).
export const drops = [];

export default suite('permissions.deleteRole', [
  ...(
    [
      ['its id', (id: string) => ({ role: id })],
      ['its name in another case', { role: 'eDITOR' }],
    ] as const
  ).map(([what, body]) =>
    scenario({
      name: `a role is deleted by ${what}; its permissions remain, and it is audited`,
      arrange: newRole,
      permissions: ['rbac.*.delete_role'],
      body,
      expect: { status: 200 },
      async after(world, role, reply) {
        expect(reply.body.data).toEqual({});
        expect((await world.call('permissions.getRole', { role })).status).toBe(404);
        await world.do('permissions.getPermission', { permission: 'documents.read' });
        expect((await eventsOf(world)).at(-1)).toBe('role.delete');
        await newRole(world);
      },
    }),
  ),
  scenario({
    name: 'keys lose it and its permissions at once',
    async arrange(world) {
      await newRole(world);
      const { apiId } = await world.do('apis.createApi', { name: 'demo' });
      const made = await world.do('keys.createKey', { apiId, roles: ['Editor'] });
      expect(
        await world.do('keys.verifyKey', { key: made.key, permissions: 'documents.read' }),
      ).toMatchObject({ code: 'VALID' });
      return made;
    },
    body: { role: 'Editor' },
    expect: { status: 200 },
    async after(world, { key, keyId }) {
      expect(await world.do('keys.verifyKey', { key, permissions: 'documents.read' })).toMatchObject({
        code: 'INSUFFICIENT_PERMISSIONS',
      });
      const stored = await world.do('keys.getKey', { keyId });
      expect(stored).not.toHaveProperty('roles');
      expect(stored).not.toHaveProperty('permissions');
    },
  }),
  scenario({
    name: '404 the second time',
    async arrange(world) {
      await newRole(world);
      await world.do('permissions.deleteRole', { role: 'Editor' });
    },
    body: { role: 'Editor' },
    expect: absent,
  }),
  scenario({
    name: '404 for one of another workspace, which is unchanged',
    async arrange(world) {
      const other = await otherWorkspace(world);
      const { roleId } = await other.do('permissions.createRole', { name: 'Theirs' });
      return { other, roleId };
    },
    body: ({ roleId }: { roleId: string }) => ({ role: roleId }),
    expect: absent,
    async after(_world, { other, roleId }) {
      await other.do('permissions.getRole', { role: roleId });
    },
  }),
  ...denied({ body: { role: 'nobody' }, held: [[], ['rbac.*.read_role'], ['rbac.*.delete_permission']] }),
  ...malformed([
    ['no reference', {}, 'body.role'],
    ['an empty reference', { role: '' }, 'body.role'],
    ['a reference of 129 characters', { role: 'r'.repeat(129) }, 'body.role'],
    ['a member that it does not know', { role: 'abc', force: true }, 'body.force'],
  ]),
]);
