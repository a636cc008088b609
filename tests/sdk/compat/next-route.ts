import { Unkey } from '@unkey/api';
import { type NextRequestWithUnkeyContext, type UnkeyContext, withUnkey } from '@unkey/nextjs';
import { NextRequest, NextResponse } from 'next/server';
import type { World } from './world.ts';

interface RouteContext {
  params: Promise<{ id: string }>;
}

function describe({ data, meta }: UnkeyContext): string {
  return `${data.code} ${data.identity?.externalId} ${meta.requestId.slice(0, 4)}`;
}

export async function program({ serverURL, rootKey }: World): Promise<unknown[]> {
  const admin = new Unkey({ serverURL, rootKey });
  const { apiId } = (await admin.apis.createApi({ name: 'next' })).data;
  const { key } = (await admin.keys.createKey({ apiId, externalId: 'ann' })).data;

  const GET = withUnkey<RouteContext>(
    async (req: NextRequestWithUnkeyContext, { params }) => {
      const { id } = await params;
      return NextResponse.json({ id, unkey: describe(req.unkey), path: req.nextUrl.pathname });
    },
    { rootKey, tags: ['route'] },
  );
  const POST = withUnkey(
    async (req) => new Response(`${req.unkey.data.keyId?.slice(0, 4)} ${await req.text()}`),
    {
      rootKey,
      permissions: 'documents.write',
      getKey: (req) =>
        req.nextUrl.searchParams.get('key') ?? NextResponse.json({ hint: 'add ?key' }, { status: 400 }),
      handleInvalidKey: (req, result) => Response.json([req.method, result.data.code], { status: 403 }),
    },
  );
  const PUT = withUnkey(() => new Response('not reached'), {
    rootKey: 'nobody',
    onError: (_req, error) => new NextResponse(error.message, { status: 503 }),
  });

  const seen: unknown[] = [];
  const context = { params: Promise.resolve({ id: '7' }) };
  const record = async (response: Promise<Response>): Promise<void> => {
    const outcome = await response.then(
      async (it) => [it.status, it.headers.get('content-type'), await it.text()],
      (error: Error) => error.name,
    );
    seen.push(outcome);
  };
  const url = 'https://app.example.com/documents/7';
  const from = (authorization: string) => new NextRequest(url, { headers: { authorization } });
  await record(GET(from(`Bearer ${key}`), context));
  await record(GET(from('Bearer nobody'), context));
  await record(GET(new NextRequest(url), context));
  await record(POST(new NextRequest(url, { method: 'POST', body: 'text' }), context));
  await record(POST(new NextRequest(`${url}?key=${key}`, { method: 'POST', body: 'text' }), context));
  await admin.keys.setPermissions({
    keyId: (await admin.keys.whoami({ key })).data.keyId,
    permissions: ['documents.write'],
  });
  await record(POST(new NextRequest(`${url}?key=${key}`, { method: 'POST', body: 'text' }), context));
  await record(PUT(from(`Bearer ${key}`), context));
  return seen;
}
