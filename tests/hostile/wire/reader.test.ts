import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { type RequestHead, readHead } from '../../../packages/server/src/transport/node/fast-path-head.ts';
import { canaryPath, randomStream } from './random-streams.ts';
import { type ReadRequest, readStrictly } from './strict-reader.ts';

/** The reader of the fast path, the runtime's parser and the yardstick of the RFC read the same streams. */

const seeds = 200_000;

/** What the fast path serves by itself; the rest goes to node:http. */
function readFast(bytes: Buffer): { heads: RequestHead[]; requests: ReadRequest[]; end: number } {
  const heads: RequestHead[] = [];
  const requests: ReadRequest[] = [];
  for (let at = 0; ; ) {
    const head = readHead(bytes.subarray(at), heads.at(-1));
    if (typeof head === 'string') return { heads, requests, end: at };
    const end = at + head.text.length + head.bodyBytes;
    if (end > bytes.length) return { heads, requests, end: at };
    heads.push(head);
    requests.push({ path: head.path, body: bytes.toString('latin1', end - head.bodyBytes, end) });
    at = end;
  }
}

interface RuntimeRequest extends ReadRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly method: number;
}

/** The parser that node:http uses, with its settings. */
function runtimeReader(): (bytes: Buffer) => { requests: RuntimeRequest[]; begun: number } {
  // It has no public name.
  const { HTTPParser, methods } = createRequire(import.meta.url)('node:_http_common');
  const post = methods.indexOf('POST');
  const parser = new HTTPParser();
  const requests: RuntimeRequest[] = [];
  let begun = 0;
  let current: { path: string; body: string; headers: string[]; method: number };
  parser[HTTPParser.kOnMessageBegin] = () => {
    begun++;
    current = { path: '', body: '', headers: [], method: 0 };
  };
  parser[HTTPParser.kOnHeaders] = (headers: string[], url: string) => {
    current.headers.push(...headers);
    current.path += url;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    _1: number,
    _2: number,
    headers: string[] | undefined,
    method: number,
    url: string,
  ) => {
    Object.assign(current, { method }, headers && { headers, path: url });
    return 0;
  };
  parser[HTTPParser.kOnBody] = (chunk: Buffer) => {
    current.body += chunk.toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    const { headers, ...rest } = current;
    const named: Record<string, string> = {};
    for (let at = 0; at < headers.length; at += 2)
      named[headers[at]?.toLowerCase() ?? ''] = headers[at + 1] ?? '';
    requests.push({ ...rest, method: rest.method === post ? 1 : 0, headers: named });
  };
  return (bytes) => {
    requests.length = begun = 0;
    parser.initialize(HTTPParser.REQUEST, {}, 65_536, 0);
    parser.execute(bytes);
    return { requests, begun };
  };
}

test(`${seeds.toLocaleString('en')} streams are read as the runtime's parser and the RFC read them`, {
  timeout: 240_000,
}, () => {
  const readByRuntime = runtimeReader();
  let served = 0;
  let refused = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const text = randomStream(seed);
    const bytes = Buffer.from(text, 'latin1');
    const { heads, requests, end } = readFast(bytes);
    served += requests.length;
    if (end < bytes.length) refused++;
    if (requests.length === 0) continue;
    const fault = () => `seed ${seed}: ${JSON.stringify(text)}`;
    // Of the bytes that the fast path used, neither more nor less.
    const runtime = readByRuntime(bytes.subarray(0, end));
    const isSame =
      runtime.begun === requests.length &&
      runtime.requests.length === requests.length &&
      runtime.requests.every((request, index) => isSameRequest(request, requests[index], heads[index]));
    if (!isSame) expect.fail(fault());
    const strict = readStrictly(text.slice(0, end));
    if (strict.end !== 'whole' || JSON.stringify(strict.requests) !== JSON.stringify(requests))
      expect.fail(fault());
    if (
      requests.some(({ path }) => path === canaryPath) &&
      !readStrictly(text).requests.some(({ path }) => path === canaryPath)
    )
      expect.fail(fault());
  }
  // The streams are worth reading: many requests of both kinds.
  expect(served).toBeGreaterThan(seeds / 2);
  expect(refused).toBeGreaterThan(seeds / 4);
});

function isSameRequest(
  { path, body, headers, method }: RuntimeRequest,
  request: ReadRequest | undefined,
  head: RequestHead | undefined,
): boolean {
  if (request === undefined || head === undefined || method !== 1) return false;
  const names = Object.keys(headers);
  return (
    path === request.path &&
    body === request.body &&
    names.length === Object.keys(head.headers).length &&
    names.every((name) => headers[name] === head.headers[name])
  );
}
