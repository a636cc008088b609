import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { operationIds } from '@unkey-ts/contract';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const read = (file: string) => readFileSync(join(root, 'packages/sdk/src/generated', file), 'utf8');

/** The comments that editors show for methods and functions. */
const hovers = ['api.ts', 'functions.ts'].flatMap((file) =>
  [...read(file).matchAll(/\/\*\*(?:(?!\*\/)[\s\S])*?@example[\s\S]*?\*\//g)].map(([comment]) =>
    comment.replace(/^ *\/?\*+\/? ?/gm, ''),
  ),
);

test('every operation has an example, what it throws, and a link, at its method and at its function', () => {
  // `liveness` is a method of the class.
  expect(hovers).toHaveLength(2 * operationIds.length - 1);
  for (const part of [/@example\n/, /@throws \{UnkeyError\}/, /@see .*\/reference#\/\w+\/[\w.]+$/m]) {
    expect(hovers.filter((hover) => !part.test(hover))).toEqual([]);
  }
});

test('every example compiles', async () => {
  mkdirSync(join(root, 'build'), { recursive: true });
  // Inside the repository, so that packages are resolved.
  const folder = await mkdtemp(join(root, 'build/hovers-'));
  try {
    const blocks = hovers.map((hover) => {
      const [, code = ''] = /@example\n([\s\S]*?)\n\n@throws/.exec(hover) ?? [];
      expect(code).not.toBe('');
      return `{\n${code}\n}`;
    });
    const head = `import { Unkey } from 'unkey-ts';
import { Core, ${operationIds.map((id) => id.replace(/.*\./, '')).join(', ')} } from 'unkey-ts/functions';
declare const unkey: Unkey;
declare const core: Core;
`;
    await writeFile(join(folder, 'examples.ts'), `${head}${blocks.join('\n')}\n`);
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project));
    const compiler = join(root, 'node_modules/.bin/tsc');
    const output = await promisify(execFile)(compiler, ['-p', folder, '--pretty', 'false']).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
    expect(output).toBe('');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 240_000);

const project = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    composite: false,
    incremental: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    noEmit: true,
    lib: ['es2023', 'dom', 'esnext.disposable'],
    types: ['node'],
  },
  include: ['*.ts'],
};
