import type { Context, MiddlewareHandler } from 'hono';
import { UnkeyCore } from './api/core.ts';
import { APIError } from './api/errors.ts';
import type { V2KeysVerifyKeyResponseBody } from './generated/components.ts';
import { keysVerifyKey } from './generated/funcs.ts';

/** The response to the verification: `c.get('unkey')`. */
export type UnkeyContext = V2KeysVerifyKeyResponseBody;

export type UnkeyConfig = {
  rootKey: string;
  tags?: string[];
  /** A permission query that the key must meet. */
  permissions?: string;
  /** Reads the key; a response is sent as it is. Default: the Authorization header without `Bearer`. */
  getKey?: (c: Context) => string | undefined | Response;
  /** The response for an invalid key. Without it the handler runs, and must look at `data.valid`. */
  handleInvalidKey?: (c: Context, result: UnkeyContext) => Response | Promise<Response>;
  /** The response after an `APIError`. Other errors are thrown. */
  onError?: (c: Context, err: APIError) => Response | Promise<Response>;
};

/**
 * Middleware with the options and results of `@unkey/hono`. **Without `handleInvalidKey` the handler runs for invalid
 * keys, too**, as there. New programs use `protect` of `unkey-ts/hono`, which refuses them.
 */
export function unkey(config: UnkeyConfig): MiddlewareHandler {
  const { rootKey, permissions, tags, getKey = bearerOf, handleInvalidKey, onError } = config;
  const client = new UnkeyCore({ rootKey });
  return async (c, next) => {
    const key = getKey(c);
    if (!key) return c.json({ error: 'unauthorized' }, { status: 401 });
    if (typeof key !== 'string') return key;
    const { ok, value, error } = await keysVerifyKey(client, { key, permissions, tags });
    if (!ok) {
      if (!(error instanceof APIError)) throw error;
      if (onError) return onError(c, error);
      // On demand, so that the package can be loaded without Hono.
      const { HTTPException } = await import('hono/http-exception');
      throw new HTTPException(500, {
        message: `unkey error: [CODE: ${error.statusCode}] - ${error.message}`,
      });
    }
    if (!value.data.valid && handleInvalidKey) return handleInvalidKey(c, value);
    // The variable has another type in `unkey-ts/hono`.
    (c as { set(name: string, value: UnkeyContext): void }).set('unkey', value);
    await next();
  };
}

function bearerOf(c: Context): string | undefined {
  return c.req.header('Authorization')?.replace('Bearer ', '');
}
