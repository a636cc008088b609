/** A request, one character a byte. */
export interface ReadRequest {
  readonly path: string;
  readonly body: string;
}

export interface Reading {
  readonly requests: readonly ReadRequest[];
  /**
   * `last`: the connection ends behind the last request, and what follows is not read. `incomplete`: more bytes are needed.
   * `refused`: what follows is no request.
   */
  readonly end: 'whole' | 'last' | 'incomplete' | 'refused';
}

/**
 * Reads requests as RFC 9112 says, and refuses nearly all that it lets a server refuse: the yardstick beside the runtime's
 * parser. Slow, without a line of the service. Lenient about empty lines before a request, and spaces before its target.
 */
export function readStrictly(text: string): Reading {
  const requests: ReadRequest[] = [];
  for (let at = 0; ; ) {
    while (text[at] === '\r' || text[at] === '\n') at++;
    if (at === text.length) return { requests, end: 'whole' };
    const read = readRequest(text, at);
    if (typeof read === 'string') return { requests, end: read };
    requests.push(read.request);
    if (read.isLast) return { requests, end: 'last' };
    at = read.end;
  }
}

type Stop = 'incomplete' | 'refused';
interface Read {
  readonly request: ReadRequest;
  readonly isLast: boolean;
  readonly end: number;
}

const requestLine = /([!#$%&'*+.^_`|~\w-]+) +([\x21-\x7e]+) HTTP\/1\.([01])\r\n/y;
const fieldLine = /([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n/y;
const host = /^([\w.~!$&'()*+,;=%-]*|\[[\w.:~!$&'()*+,;=-]+\])(:\d*)?$/;
const chunkHead = /([\da-fA-F]{1,8})([ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r\n/y;

function readRequest(text: string, from: number): Read | Stop {
  const line = match(requestLine, text, from);
  if (typeof line === 'string') return line;
  const [, method = '', target = '', minor] = line;
  const fields = readFields(text, from + line[0].length);
  if (typeof fields === 'string') return fields;
  const hosts = fields.of('host');
  if (hosts.length > 1 || (minor === '1' && hosts.length === 0)) return 'refused';
  if (hosts.some((value) => !host.test(value)) || method === 'CONNECT') return 'refused';
  const body = readBody(text, fields, minor === '1');
  if (typeof body === 'string') return body;
  const tokens = fields.of('connection').flatMap((value) => value.toLowerCase().split(/[ \t]*,[ \t]*/));
  const isLast =
    (minor === '0' && !tokens.includes('keep-alive')) ||
    tokens.includes('close') ||
    fields.of('upgrade').length > 0;
  return { request: { path: pathOf(target), body: body.body }, isLast, end: body.end };
}

interface Fields {
  of(name: string): readonly string[];
  readonly end: number;
}

function readFields(text: string, from: number): Fields | Stop {
  const fields: [string, string][] = [];
  let at = from;
  while (!text.startsWith('\r\n', at)) {
    const line = match(fieldLine, text, at);
    if (typeof line === 'string') return line;
    fields.push([line[1]?.toLowerCase() ?? '', line[2] ?? '']);
    at += line[0].length;
  }
  const of = (wanted: string) => fields.filter(([name]) => name === wanted).map(([, value]) => value);
  return { of, end: at + 2 };
}

function readBody(text: string, fields: Fields, hasChunks: boolean): { body: string; end: number } | Stop {
  const [codings, lengths] = [fields.of('transfer-encoding'), fields.of('content-length')];
  if (codings.length > 0) {
    if (lengths.length > 0 || !hasChunks || codings.join().toLowerCase() !== 'chunked') return 'refused';
    return readChunks(text, fields.end);
  }
  const [length = '0'] = lengths;
  if (lengths.length > 1 || !/^\d{1,15}$/.test(length)) return 'refused';
  const end = fields.end + Number(length);
  return end > text.length ? 'incomplete' : { body: text.slice(fields.end, end), end };
}

function readChunks(text: string, from: number): { body: string; end: number } | Stop {
  let body = '';
  for (let at = from; ; ) {
    const head = match(chunkHead, text, at);
    if (typeof head === 'string') return head;
    const size = Number.parseInt(head[1] ?? '', 16);
    at += head[0].length;
    if (size === 0) {
      const trailers = readFields(text, at);
      return typeof trailers === 'string' ? trailers : { body, end: trailers.end };
    }
    if (at + size + 2 > text.length) return 'incomplete';
    if (!text.startsWith('\r\n', at + size)) return 'refused';
    body += text.slice(at, at + size);
    at += size + 2;
  }
}

/** The line, or whether its end is only missing. */
function match(pattern: RegExp, text: string, from: number): RegExpExecArray | Stop {
  pattern.lastIndex = from;
  return pattern.exec(text) ?? (text.includes('\n', from) ? 'refused' : 'incomplete');
}

function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?]*/i, '').replace(/\?.*$/, '');
}
