import { isUtf8 } from 'node:buffer';
import { type Issue, issuesMax, issuesOf, isValid, type Operation, pathOf } from '@unkey-ts/contract';
import type { HttpRequest } from '../base/http-message.ts';
import { Refusal } from '../operations/refusal.ts';
import { renameCreditsAlias } from './credits-alias.ts';
import { mediaTypeOf } from './respond.ts';
import { scanJson } from './scan-json.ts';
import { textIssues } from './text-issues.ts';

const maxMetaBytes = 1024 * 1024;
const maxNesting = 256;
/** An empty object has two bytes in a body and more than fifty in memory. */
const maxValues = 1_000_000;

/** The validated body of a request. JSON that a database cannot store exactly is refused like a wrong shape. */
export function parseBody(
  operation: Operation,
  headers: HttpRequest['headers'],
  bytes: Uint8Array,
): { readonly input: unknown } | Refusal {
  if (operation.input === null) return { input: null };
  const { 'content-type': contentType, 'content-encoding': encoding } = headers;
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') return refuseEncoding();
  if (contentType !== 'application/json' && mediaTypeOf(contentType ?? '') !== 'application/json') {
    return refuseShape(operation, [{ location: 'header.content-type', message: 'must be application/json' }]);
  }
  if (bytes.length === 0) {
    return refuseShape(operation, [{ location: 'body', message: 'is required (JSON)' }]);
  }
  const parsed = parseJson(bytes);
  if ('issues' in parsed) return refuseShape(operation, parsed.issues);
  const value = parsed.value;
  const issues = operation.hasCreditsAlias ? renameCreditsAlias(value) : [];
  if (issues.length === 0 && isValid(operation.input, value)) {
    // The rule belongs to the operation, whose schema the value has just passed.
    const broken = operation.inputRule?.(value as never) ?? [];
    const places = bytes.length > maxMetaBytes ? [...broken, ...metaIssues(value)] : broken;
    return places.length === 0 ? { input: value } : refuseShape(operation, places);
  }
  return refuseShape(operation, [...issues, ...issuesOf(operation.input, value, 'body')]);
}

function refuseEncoding(): Refusal {
  const detail =
    'The body has a Content-Encoding, and the service does not decompress. Send it uncompressed.';
  return new Refusal('user/bad_request/unsupported_content_encoding', detail, [], {
    'accept-encoding': 'identity',
  });
}

function parseJson(bytes: Uint8Array): { readonly value: unknown } | { readonly issues: readonly Issue[] } {
  if (!isUtf8(bytes)) return { issues: [{ location: 'body', message: 'must be UTF-8 text' }] };
  const { depth, values, isSuspicious } = scanJson(bytes);
  if (depth > maxNesting) {
    return { issues: [{ location: 'body', message: `must be nested at most ${maxNesting} levels deep` }] };
  }
  if (values > maxValues) {
    return { issues: [{ location: 'body', message: `must have at most ${maxValues} values` }] };
  }
  try {
    const value: unknown = JSON.parse(bufferOf(bytes).toString('utf8'));
    const issues = isSuspicious ? textIssues(value) : [];
    return issues.length === 0 ? { value } : { issues };
  } catch {
    // The parser's own message quotes the body, which may contain a key.
    return { issues: [{ location: 'body', message: 'must be valid JSON' }] };
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bound of `meta` is on its JSON text, wherever a body has it. */
function metaIssues(value: unknown): Issue[] {
  // The body has passed its schema: members with these names have these types.
  const { meta, keys } = value as { meta?: unknown; keys?: { meta?: unknown }[] };
  const metas = [{ location: 'body.meta', meta }].concat(
    (keys ?? []).map((item, index) => ({ location: `body.keys[${index}].meta`, meta: item.meta })),
  );
  return metas
    .filter(
      (entry) => entry.meta !== undefined && Buffer.byteLength(JSON.stringify(entry.meta)) > maxMetaBytes,
    )
    .map(({ location }) => ({ location, message: `must be at most ${maxMetaBytes} bytes as JSON` }));
}

function refuseShape(operation: Operation, found: readonly Issue[]): Refusal {
  const issues = found.slice(0, issuesMax);
  const first = issues[0];
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more, see \`errors\`)` : '';
  const detail = first
    ? `${first.location} ${first.message}${more}.`
    : `The body does not fit ${pathOf(operation)}.`;
  return new Refusal('unkey/application/invalid_input', detail, issues);
}
