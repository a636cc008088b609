import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join, relative, sep } from 'node:path';
import type { Endpoint, HttpRequest, HttpResponse } from '../base/http-message.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** A page loads only what this origin serves, and no page of another origin shows it in a frame. */
const pageHeaders = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/**
 * An endpoint for each file of a folder and its subfolders. `index.html` is also served at the path of its folder, to
 * which the path without the last slash redirects. The files are read once: no request can reach another file, and a
 * served file cannot disappear. A page may use scripts and styles of its origin only, and none inside its own text.
 */
export function staticFiles({ path, folder }: { path: string; folder: string }): readonly Endpoint[] {
  return filesIn(folder).flatMap((file) => {
    const handle = serveBytes(readFileSync(file), extname(file));
    const filePath = `${path}${relative(folder, file).split(sep).join('/')}`;
    if (!filePath.endsWith('/index.html')) return [get(filePath, handle)];
    const folderPath = filePath.slice(0, -'index.html'.length);
    const redirect = folderPath === '/' ? [] : [get(folderPath.slice(0, -1), () => redirectTo(folderPath))];
    return [get(filePath, handle), get(folderPath, handle), ...redirect];
  });
}

function get(path: string, handle: Endpoint['handle']): Endpoint {
  return { path, method: 'GET', handle };
}

/** Relative, for services behind a path of another host. */
function redirectTo(folderPath: string): HttpResponse {
  return { status: 308, headers: { location: `${basename(folderPath)}/` }, body: '' };
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Clients ask again each time, and get 304 if nothing has changed. */
function serveBytes(body: Uint8Array, extension: string): (request: HttpRequest) => HttpResponse {
  const type = { 'content-type': contentTypes[extension] ?? 'application/octet-stream' };
  const headers = { ...type, 'cache-control': 'no-cache', ...(extension === '.html' && pageHeaders) };
  // At the first request: a start does not wait for it.
  let etag: string | undefined;
  return ({ headers: { 'if-none-match': known } }) => {
    etag ??= `"${createHash('sha256').update(body).digest('base64url')}"`;
    if (known === etag) return { status: 304, headers: { etag, 'cache-control': 'no-cache' }, body: '' };
    return { status: 200, headers: { ...headers, etag }, body };
  };
}
