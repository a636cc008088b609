import { type ErrorCode, match, type Unkey, UnkeyCore } from 'unkey-ts';
import { protect } from 'unkey-ts/web';

// One declaration types an application. Every mistake below must be found by the compiler.
declare module 'unkey-ts' {
  interface Register {
    meta: { plan: string };
    identityMeta: { country: string };
    permissions: 'documents.read' | 'documents.write';
    ratelimits: 'requests';
  }
}

export async function serve(unkey: Unkey, key: string, query: string): Promise<unknown> {
  const { data } = await unkey.keys.verifyKey({
    key,
    permissions: 'documents.read AND (documents.write or documents.read)',
    ratelimits: [{ name: 'requests' }],
  });
  await unkey.keys.verifyKey({ key, permissions: query });
  const plan: string | undefined = data.meta?.plan;
  const country: string | undefined = data.identity?.meta?.country;
  // @ts-expect-error the metadata has no such member
  const price: unknown = data.meta?.price;
  // @ts-expect-error no such permission
  await unkey.keys.verifyKey({ key, permissions: 'documents.raed' });
  // @ts-expect-error a permission is missing
  await unkey.keys.verifyKey({ key, permissions: 'documents.read AND' });
  // @ts-expect-error an operator is missing
  await unkey.keys.verifyKey({ key, permissions: 'documents.read documents.write' });
  // @ts-expect-error a parenthesis is not closed
  await unkey.keys.verifyKey({ key, permissions: '(documents.read' });
  // @ts-expect-error no such permission
  await new UnkeyCore().request('keys.verifyKey', { key, permissions: 'documents.raed' });
  // @ts-expect-error no such limit
  await unkey.keys.verifyKey({ key, ratelimits: [{ name: 'tokens' }] });
  // @ts-expect-error metadata of another type
  await unkey.keys.createKey({ apiId: 'api_docs', meta: { plan: 5 } });
  // @ts-expect-error no such permission
  await unkey.keys.addPermissions({ keyId: 'key_docs', permissions: ['documents.raed'] });
  protect({ permissions: 'documents.read OR documents.write' });
  protect({ permissions: (request: Request) => (request.method === 'GET' ? 'documents.read' : null) });
  // @ts-expect-error no such permission
  protect({ permissions: 'documents.raed' });

  const created = await unkey.keys.createKey({ apiId: 'api_docs' }).safe();
  if (!created.ok) {
    const known: ErrorCode | undefined = created.error.code;
    // @ts-expect-error an operation on keys of an API knows no roles
    if (created.error.code === 'role_already_exists') return known;
    if (created.error.code === 'api_not_found') return known;
  }
  return match(data, { VALID: ({ keyId }) => [keyId, plan, country, price], _: ({ code }) => code });
}
