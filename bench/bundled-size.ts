import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'rolldown';

export interface BundledSize {
  readonly minified: number;
  readonly gzip: number;
}

/** Size in bytes of a module with its imports: bundled, minified, and gzipped at level 9. Runs at the repository root. */
export async function bundledSize(source: string): Promise<BundledSize> {
  // Inside the repository, because packages are resolved from the location of the file.
  const folder = await mkdtemp(resolve('build/bundle-'));
  try {
    const input = `${folder}/entry.js`;
    await writeFile(input, source);
    const { output } = await build({
      input,
      write: false,
      platform: 'browser',
      output: { format: 'esm', minify: true, codeSplitting: false },
      logLevel: 'silent',
    });
    const { code, imports } = output[0];
    if (imports.length > 0) throw new Error(`Left out of the bundle: ${imports.join(', ')}.`);
    return { minified: Buffer.byteLength(code), gzip: gzipSync(code, { level: 9 }).length };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
