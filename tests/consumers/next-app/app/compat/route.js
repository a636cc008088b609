import { withUnkey } from 'unkey-ts/compat/nextjs';

export const GET = withUnkey(
  ({ unkey: { data } }) =>
    new Response(`[${data.code} ${data.credits} ${data.ratelimits?.[0]?.exceeded === false}]`),
  {
    rootKey: process.env.UNKEY_ROOT_KEY,
    getKey: (request) => request.nextUrl.searchParams.get('key'),
    handleInvalidKey: (_request, { data }) => new Response(`[${data.code} none false]`, { status: 401 }),
  },
);
