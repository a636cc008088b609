import { withUnkey } from 'unkey-ts/next';

export const GET = withUnkey(
  ({ unkey }) =>
    new Response(`[${unkey.code} ${unkey.credits} ${unkey.ratelimits?.[0]?.exceeded === false}]`),
  { getKey: (request) => request.nextUrl.searchParams.get('key') },
);
