import type { PageOf } from './functions.ts';

export type ApisListKeysResponse = PageOf<'apis.listKeys'>;
export type IdentitiesListIdentitiesResponse = PageOf<'identities.listIdentities'>;
export type PermissionsListPermissionsResponse = PageOf<'permissions.listPermissions'>;
export type PermissionsListRolesResponse = PageOf<'permissions.listRoles'>;
export type RatelimitListOverridesResponse = PageOf<'ratelimit.listOverrides'>;
