import { redact } from '../errors.ts';
import type { Hooks, RequestContext } from '../hooks.ts';
import type { HeadersLike } from '../platform.ts';
import { platform } from '../platform.ts';

/** Receives lines with fields. `console` and the loggers of most libraries fit. */
export interface Logger {
  debug(message: string, fields: object): void;
}

/** Options of `logHooks`. */
export interface LogOptions {
  /** `'headers'`: method, URL, status, times and headers. `'body'`: bodies, too. Default: `'headers'`. */
  readonly level?: 'headers' | 'body' | undefined;
  /** Default: standard error. */
  readonly logger?: Logger | undefined;
}

/**
 * Hooks that log every request and every response. Keys are replaced in bodies, and secrets in headers.
 *
 * @example
 * const unkey = new Unkey({ hooks: logHooks({ level: 'body' }) });
 */
export function logHooks({ level = 'headers', logger = standardError }: LogOptions = {}): Hooks {
  const withBody = (body: string | undefined, request: RequestContext) =>
    level === 'body' && body !== undefined ? { body: redactBody(body, request) } : {};
  return {
    beforeRequest(request) {
      const { operation, method, url, attempt, headers, body } = request;
      logger.debug(`unkey: ${method} ${url}, attempt ${attempt}`, {
        operation,
        attempt,
        headers: redactHeaders(Object.entries(headers)),
        ...withBody(body, request),
      });
    },
    afterResponse({ request, status, headers, durationMs, body }) {
      const { operation, attempt } = request;
      logger.debug(`unkey: ${operation} ${status}, ${Math.round(durationMs)} ms, attempt ${attempt}`, {
        operation,
        attempt,
        status,
        durationMs,
        headers: redactHeaders(entriesOf(headers)),
        ...withBody(body, request),
      });
    },
    onError({ name, message: text, status }, request) {
      if (status !== undefined) return;
      const { operation, attempt } = request;
      const message = redact(text, secretsIn(request));
      logger.debug(`unkey: ${operation} ${name}, attempt ${attempt}`, {
        operation,
        attempt,
        error: name,
        message,
      });
    },
  };
}

const standardError: Logger = {
  debug: (message, fields) => platform.console.error(`${message} ${JSON.stringify(fields)}`),
};

const secretHeader = /auth|cookie|key|token|secret/;

/** Members of requests and responses that hold keys. */
export const secretMember = /^(key|plaintext|hash)$/;

/** Of headers without an iterator, those that the service sends. */
const ownHeaders = ['content-type', 'x-request-id', 'retry-after', 'ratelimit-limit', 'ratelimit-remaining'];

function entriesOf(headers: HeadersLike & Partial<Iterable<[string, string]>>): [string, string | null][] {
  if (headers[Symbol.iterator]) return [...(headers as Iterable<[string, string]>)];
  return ownHeaders.map((name) => [name, headers.get(name)]);
}

function redactHeaders(entries: readonly (readonly [string, string | null])[]): object {
  const shown = entries
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, secretHeader.test(name.toLowerCase()) ? '[redacted]' : value]);
  return Object.fromEntries(shown);
}

/** The parsed body without keys, also without those of the request that the service repeats. */
function redactBody(text: string, request: RequestContext): unknown {
  const secrets = secretsIn(request);
  return parse(text, (name, value) => {
    if (secretMember.test(name) && typeof value === 'string') return '[redacted]';
    return typeof value === 'string' ? redact(value, secrets) : value;
  });
}

function secretsIn({ body }: RequestContext): string[] {
  const secrets: string[] = [];
  parse(body ?? '', (name, value) => {
    if (secretMember.test(name) && typeof value === 'string') secrets.push(value);
    return value;
  });
  return secrets;
}

function parse(text: string, reviver: (name: string, value: unknown) => unknown): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch {
    return `${text.length} characters that are not JSON`;
  }
}
