import { seen } from '../seen.mjs';

export const runtime = 'edge';

export async function GET(request) {
  return new Response(await seen(request.nextUrl.searchParams.get('key')));
}
