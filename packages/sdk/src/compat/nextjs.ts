import type { NextRequest, NextResponse } from 'next/server';
import { UnkeyCore } from './api/core.ts';
import { APIError } from './api/errors.ts';
import type { V2KeysVerifyKeyResponseBody } from './generated/components.ts';
import { keysVerifyKey } from './generated/funcs.ts';

/** The response to the verification: `req.unkey`. */
export type UnkeyContext = V2KeysVerifyKeyResponseBody;

/** Second argument of a route handler. */
export type NextContext = { params: Promise<Record<string, string | string[]>> };

/** The request of a handler: its key is valid. */
export type NextRequestWithUnkeyContext = NextRequest & { unkey: UnkeyContext };

type AnyResponse = Response | NextResponse;

export type WithUnkeyConfig = {
  rootKey: string;
  tags?: string[];
  /** A permission query that the key must meet. */
  permissions?: string;
  /** Reads the key; a response is sent as it is. Default: the Authorization header without `Bearer`. */
  getKey?: (req: NextRequest) => string | null | AnyResponse;
  /** The response for an invalid key. Default: 401. */
  handleInvalidKey?: (req: NextRequest, result: UnkeyContext) => AnyResponse | Promise<AnyResponse>;
  /** The response after an `APIError`. Default: 500. Other errors are thrown. */
  onError?: (req: NextRequest, err: APIError) => AnyResponse | Promise<AnyResponse>;
};

/**
 * Wraps a route handler, with the options and results of `@unkey/nextjs`. New programs use `withUnkey` of
 * `unkey-ts/next`.
 */
export function withUnkey<TContext extends NextContext = NextContext>(
  handler: (req: NextRequestWithUnkeyContext, context: TContext) => AnyResponse | Promise<AnyResponse>,
  config: WithUnkeyConfig,
): (req: NextRequest, context: TContext) => Promise<Response> {
  const { permissions, tags, getKey = bearerOf, handleInvalidKey, onError } = config;
  return async (req, context) => {
    const key = getKey(req);
    if (key === null) return Response.json({ error: 'unauthorized' }, { status: 401 });
    if (typeof key !== 'string') return key;
    // With the first request, because the variables of some platforms come with it.
    const client = new UnkeyCore({ rootKey: config.rootKey });
    const { ok, value, error } = await keysVerifyKey(client, { key, permissions, tags });
    if (!ok) {
      if (!(error instanceof APIError)) throw error;
      if (onError) return onError(req, error);
      console.error(`unkey error: [CODE: ${error.statusCode}] - ${error.message}`);
      return new Response('Internal Server Error', { status: 500 });
    }
    if (value.data.valid) return handler(Object.assign(req, { unkey: value }), context);
    return handleInvalidKey?.(req, value) ?? new Response('Unauthorized', { status: 401 });
  };
}

function bearerOf(req: NextRequest): string | null {
  return req.headers.get('authorization')?.replace('Bearer ', '') ?? null;
}
