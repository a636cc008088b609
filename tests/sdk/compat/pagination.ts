import { Unkey } from '@unkey/api';
import { UnkeyCore } from '@unkey/api/core.js';
import { apisListKeys } from '@unkey/api/funcs/apisListKeys.js';
import type { ApisListKeysResponse } from '@unkey/api/models/operations';
import type { World } from './world.ts';

const names = ({ result }: ApisListKeysResponse): string[] =>
  result.data.map(({ name }) => name ?? '').sort();

export async function program({ serverURL, rootKey }: World): Promise<unknown[]> {
  const unkey = new Unkey({ serverURL, rootKey });
  const { apiId } = (await unkey.apis.createApi({ name: 'pages' })).data;
  const seen: unknown[] = [];

  const empty = await unkey.apis.listKeys({ apiId });
  seen.push(names(empty), empty.result.pagination?.hasMore, empty['~next'], empty.next());

  for (const name of ['a', 'b', 'c', 'd', 'e']) await unkey.keys.createKey({ apiId, name });
  const all: string[] = [];
  const sizes: number[] = [];
  for await (const page of await unkey.apis.listKeys({ apiId, limit: 2 })) {
    sizes.push(page.result.data.length);
    all.push(...names(page));
  }
  seen.push(sizes, all.sort());

  const first = await unkey.apis.listKeys({ apiId, limit: 3 });
  const last = await first.next();
  seen.push(first.result.data.length, last?.result.data.length, last?.next());
  seen.push(typeof first['~next']?.cursor, first.result.pagination?.cursor === first['~next']?.cursor);
  const resumed = await unkey.apis.listKeys({ apiId, limit: 3, cursor: first.result.pagination?.cursor });
  seen.push(resumed.result.data.length, resumed.result.pagination);

  const broken = new Unkey({ serverURL, rootKey: 'nobody' });
  try {
    for await (const page of await broken.apis.listKeys({ apiId })) seen.push(page);
  } catch (error) {
    seen.push((error as Error).name);
  }

  const core = new UnkeyCore({ serverURL, rootKey });
  for await (const page of await apisListKeys(core, { apiId, limit: 4 })) {
    if (!page.ok) throw page.error;
    seen.push(page.value.result.data.length);
  }
  for await (const page of await apisListKeys(core, { apiId: 'api_unknown' })) {
    seen.push(page.ok, page.error?.name);
  }
  for await (const page of await unkey.permissions.listRoles({ limit: 1 })) seen.push(page.result.data);
  for await (const page of await unkey.identities.listIdentities({})) seen.push(page.result.data.length);
  return seen;
}
