import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
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

/**
 * An endpoint for each file of a folder and its subfolders; `index.html` is also served at the path of its folder. The
 * files are read once: no request can reach another file, and a served file cannot disappear.
 */
export function staticFiles({ path, folder }: { path: string; folder: string }): readonly Endpoint[] {
  return filesIn(folder).flatMap((file) => {
    const handle = serveBytes(readFileSync(file), contentTypes[extname(file)] ?? 'application/octet-stream');
    const filePath = `${path}${relative(folder, file).split(sep).join('/')}`;
    const paths = filePath.endsWith('/index.html')
      ? [filePath, filePath.slice(0, -'index.html'.length)]
      : [filePath];
    return paths.map((served): Endpoint => ({ path: served, method: 'GET', handle }));
  });
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Clients ask again each time, and get 304 if nothing has changed. */
function serveBytes(body: Uint8Array, contentType: string): (request: HttpRequest) => HttpResponse {
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  return ({ headers }) => {
    const cached = { etag, 'cache-control': 'no-cache' };
    if (headers['if-none-match'] === etag) return { status: 304, headers: cached, body: '' };
    return { status: 200, headers: { 'content-type': contentType, ...cached }, body };
  };
}
