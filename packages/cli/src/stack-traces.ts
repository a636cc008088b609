import { readFileSync } from 'node:fs';
import { createRequire, type SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

const frame = /(file:\/\/[^\s()]+\.js):(\d+):(\d+)/g;

/**
 * Makes stack traces name TypeScript sources. A source map is read when the first stack that needs it is asked for:
 * `--enable-source-maps` reads all of them at every start, which costs a third of it.
 */
export function installSourceMaps(): void {
  const maps = new Map<string, SourceMap | null>();
  Error.prepareStackTrace = (error, callSites) => {
    const lines = callSites.map((site) => `\n    at ${site}`).join('');
    return `${headline(error)}${lines.replace(frame, (text, url: string, line: string, column: string) => {
      if (!maps.has(url)) maps.set(url, readSourceMap(url));
      return originalPosition(maps.get(url), Number(line) - 1, Number(column) - 1) ?? text;
    })}`;
  };
}

/** An error whose `toString` fails still gets its stack. */
function headline(error: Error): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}

function originalPosition(
  map: SourceMap | null | undefined,
  line: number,
  column: number,
): string | undefined {
  const entry = map?.findEntry(line, column);
  if (entry === undefined || !('originalSource' in entry)) return undefined;
  return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

/** Null where there is none that can be read: the stack then names what ran. */
function readSourceMap(url: string): SourceMap | null {
  try {
    const map = JSON.parse(readFileSync(fileURLToPath(`${url}.map`), 'utf8'));
    const sources = map.sources.map((source: string) => fileURLToPath(new URL(source, url)));
    const { SourceMap: Reader } = createRequire(import.meta.url)('node:module');
    return new Reader({ ...map, sources });
  } catch {
    return null;
  }
}
