import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly import: { readonly default: string } }>>;
}

/** `unkey-ts/hono` → packages/sdk/src/middleware/hono.ts, and so on: what a package exports, as its source. */
function clientSources(): { find: RegExp; replacement: string }[] {
  const manifest: Manifest = JSON.parse(readFileSync(`${root}packages/sdk/package.json`, 'utf8'));
  return Object.entries(manifest.exports).flatMap(([subPath, target]) =>
    typeof target === 'string'
      ? []
      : [
          {
            find: new RegExp(`^unkey-ts${subPath.slice(1).replace('*', '.+')}$`),
            replacement: target.import.default.replace(
              /^\.\/dist\/(.*)\.js$/,
              `${root}packages/sdk/src/$1.ts`,
            ),
          },
        ],
  );
}

/** The configuration of all runs. Tests run the sources; the processes that they start run the build. */
export const base = {
  resolve: {
    alias: [
      { find: /^@unkey-ts\/(contract|server|emulator)$/, replacement: `${root}packages/$1/src/index.ts` },
      { find: /^unkey-ts-server\/testing$/, replacement: `${root}packages/emulator/src/index.ts` },
      ...clientSources(),
      // Its CommonJS form cannot be transformed.
      { find: /^@unkey\/nextjs$/, replacement: `${root}node_modules/@unkey/nextjs/dist/index.mjs` },
      { find: /^next\/server$/, replacement: `${root}tests/sdk/compat/next-server.ts` },
    ],
  },
  test: {
    // So that its import of `next/server`, which is not installed, is found.
    server: { deps: { inline: ['@unkey/nextjs'] } },
    globalSetup: ['tests/build.ts'],
    // By default one core is left idle, which is half of a machine with two.
    maxWorkers: '100%',
    // Only failures take this long, and a busy machine is many times slower.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
} satisfies ViteUserConfig;
