import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from './benchmark.ts';
import { bundledSize } from './bundled-size.ts';
import { packedClient, theirFolders } from './packages.ts';

/** Pages that use a part of the client, and the same pages with `@unkey/api`. */
export const pages = {
  client: `import { Unkey } from 'unkey-ts'; globalThis.unkey = new Unkey();`,
  verify: `import { Core, verifyKey } from 'unkey-ts/functions'; globalThis.verify = (key) => verifyKey(new Core(), { key });`,
  ratelimit: `import { Ratelimit } from 'unkey-ts/ratelimit'; globalThis.limiter = new Ratelimit({ namespace: 'a', limit: 1, duration: '1s' });`,
  permissions: `import { hasPermissions } from 'unkey-ts/permissions'; globalThis.has = hasPermissions;`,
} as const;

const theirPages = {
  client: `import { Unkey } from '@unkey/api'; globalThis.unkey = new Unkey();`,
  verify: `import { UnkeyCore } from '@unkey/api/core.js'; import { keysVerifyKey } from '@unkey/api/funcs/keysVerifyKey.js';
    globalThis.verify = (key) => keysVerifyKey(new UnkeyCore(), { key });`,
  ratelimit: `import { Ratelimit } from '@unkey/ratelimit'; globalThis.limiter = new Ratelimit({ namespace: 'a', limit: 1, duration: '1s' });`,
} as const;

export const clientSize: Benchmark = {
  name: 'client-size',
  title: 'bytes of a page bundled and minified, and of the installed package',
  async run(report) {
    const compare = async (what: string, ours: string, their: { name: string; page: string }) => {
      const [our, theirs] = [await bundledSize(ours), await bundledSize(their.page)];
      for (const kind of ['minified', 'gzip'] as const) {
        const baseline = { what: `${their.name}, ${kind}`, value: theirs[kind] };
        report({ ...baseline, unit: 'B' });
        report({ what: `${what}, ${kind}`, value: our[kind], unit: 'B', baseline });
      }
    };
    await compare('whole client', pages.client, { name: '@unkey/api', page: theirPages.client });
    await compare('page with verifyKey of unkey-ts/functions', pages.verify, {
      name: '@unkey/api keysVerifyKey',
      page: theirPages.verify,
    });
    await compare('unkey-ts/ratelimit with its client', pages.ratelimit, {
      name: '@unkey/ratelimit',
      page: theirPages.ratelimit,
    });
    const { gzip } = await bundledSize(pages.permissions);
    report({ what: 'unkey-ts/permissions, gzip', value: gzip, unit: 'B' });

    const ours = sizeOf([packedClient]);
    const theirs = sizeOf(theirFolders);
    const bytes = { what: '@unkey/api and zod, unpacked', value: theirs.bytes };
    const files = { what: '@unkey/api and zod, files', value: theirs.files };
    report({ ...bytes, unit: 'B' });
    report({ what: 'unkey-ts, unpacked', value: ours.bytes, unit: 'B', baseline: bytes });
    report({ ...files, unit: '' });
    report({ what: 'unkey-ts, files', value: ours.files, unit: '', baseline: files });
  },
};

function sizeOf(folders: readonly string[]): { readonly bytes: number; readonly files: number } {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return {
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    files: files.length,
  };
}
