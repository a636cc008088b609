import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, realpath, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const compiled = [
  'build/tools',
  ...['contract', 'server', 'cli', 'sdk'].map((name) => `packages/${name}/dist`),
];

/**
 * A copy of this repository's sources in a new temporary folder, with its packages and the compiled files. Resolves to
 * the folder, which the caller removes. Run at the root.
 */
export async function copyTree(prefix: string): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  const { stdout } = await promisify(execFile)('git', [
    ...['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
  ]);
  for (const path of [...stdout.split('\0'), ...compiled]) {
    if (path === '') continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    // Compiled files may be missing, and tracked files may have just been deleted.
    await cp(path, join(folder, path), { recursive: true, preserveTimestamps: true }).catch(() => undefined);
  }
  await linkPackages(folder);
  return folder;
}

async function linkPackages(folder: string): Promise<void> {
  const from = join(process.cwd(), 'node_modules');
  const to = join(folder, 'node_modules');
  await mkdir(to);
  const own = ['@unkey-ts', 'unkey-ts'];
  for (const name of await readdir(from)) {
    if (!name.startsWith('.') && !own.includes(name)) await symlink(join(from, name), join(to, name));
  }
  // These are relative links, which lead into the copy there.
  for (const name of own)
    await cp(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
}
