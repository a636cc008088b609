import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changelogWithVersion, checkVersion, lockWithVersion, manifestWithVersion } from './release-texts.ts';

/**
 * `npm run release -- 0.2.0`: sets the version, dates the section of the changelog, makes the packages and their
 * checksums in `build/`. It commits, tags and publishes nothing. Run at the root.
 */

const workspaces = ['contract', 'server', 'cli', 'sdk', 'codemod'].map(
  (name) => `packages/${name}/package.json`,
);

try {
  release(process.argv[2] ?? '');
} catch (error) {
  console.error(`release: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

function release(version: string): void {
  checkVersion(version, JSON.parse(readFileSync('packages/cli/package.json', 'utf8')).version);
  if (execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' }) !== '') {
    throw new Error(
      'The working tree has changes. Commit them first: a failed release is undone by `git restore .`',
    );
  }
  const date = new Date().toISOString().slice(0, 10);
  const changes = new Map([
    ...workspaces.map((file) => [file, manifestWithVersion(readFileSync(file, 'utf8'), version)] as const),
    ['package-lock.json', lockWithVersion(readFileSync('package-lock.json', 'utf8'), version)],
    ['CHANGELOG.md', changelogWithVersion(readFileSync('CHANGELOG.md', 'utf8'), { version, date })],
  ]);
  // Only now: all texts could be made.
  for (const [file, text] of changes) writeFileSync(file, text);
  npm('gen');
  npm('check');
  npm('pack');
  const tarballs = ['unkey-ts', 'unkey-ts-server', 'unkey-ts-codemod'].map(
    (name) => `${name}-${version}.tgz`,
  );
  writeFileSync('build/SHA256SUMS', tarballs.map(checksumLine).join(''));
  console.log(
    [
      '',
      `Version ${version} is in build/: ${tarballs.join(', ')}, SHA256SUMS. Nothing is published yet. Next:`,
      '',
      `  git commit --all --message 'release: ${version}' && git tag v${version}`,
      ...tarballs.map((file) => `  npm publish build/${file}`),
      '  git push --follow-tags',
    ].join('\n'),
  );
}

function npm(script: string): void {
  execFileSync('npm', ['run', '--silent', script], { stdio: 'inherit' });
}

/** As `sha256sum --check` reads it. */
function checksumLine(file: string): string {
  return `${createHash('sha256')
    .update(readFileSync(join('build', file)))
    .digest('hex')}  ${file}\n`;
}
