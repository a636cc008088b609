import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  changelogWithVersion,
  checkVersion,
  compareVersions,
  lockWithVersion,
  manifestWithVersion,
} from './release-texts.ts';

test('versions are ordered as in Semantic Versioning', () => {
  const ordered = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0',
    '1.0.1',
    '1.2.0',
    '1.10.0',
  ];
  for (const [index, version] of ordered.entries()) {
    for (const [other, right] of ordered.entries()) {
      expect(compareVersions(version, right), `${version} ${right}`).toBe(Math.sign(index - other));
    }
  }
});

test.each(['', 'v1.0.0', '1.0', '0.1.0', '0.0.9', '0.2.0 ; rm'])(
  '%j is not a version after 0.1.0',
  (version) => {
    expect(() => checkVersion(version, '0.1.0')).toThrow('The version must');
  },
);

test('a manifest and the lock file get the version everywhere, and change nowhere else', () => {
  for (const name of ['contract', 'server', 'cli', 'sdk', 'codemod']) {
    const text = readFileSync(`packages/${name}/package.json`, 'utf8');
    const { version } = JSON.parse(text);
    expect(manifestWithVersion(text, version)).toBe(text);
    expect(manifestWithVersion(manifestWithVersion(text, '9.9.9'), version)).toBe(text);
  }
  const lock = readFileSync('package-lock.json', 'utf8');
  const { packages } = JSON.parse(lock);
  const { version } = packages['packages/cli'];
  expect(lockWithVersion(lock, version)).toBe(lock);
  const next = JSON.parse(lockWithVersion(lock, '9.9.9')).packages;
  expect(next['packages/server']).toMatchObject({
    version: '9.9.9',
    dependencies: { '@unkey-ts/contract': '9.9.9' },
  });
  expect(next['node_modules/pg']).toEqual(packages['node_modules/pg']);
});

test('the changelog gets a section with a date', () => {
  const text = '# Changelog\n\n## Unreleased\n\n- One.\n\n## 0.1.0 (2026-01-01)\n\n- Zero.\n';
  expect(changelogWithVersion(text, { version: '0.2.0', date: '2026-11-30' })).toBe(
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-11-30)\n\n- One.\n\n## 0.1.0 (2026-01-01)\n\n- Zero.\n',
  );
  const released = '# Changelog\n\n## Unreleased\n\n## 0.1.0 (2026-01-01)\n\n- Zero.\n';
  expect(() => changelogWithVersion(released, { version: '0.2.0', date: '2026-11-30' })).toThrow(
    'nothing to release',
  );
  expect(() => changelogWithVersion('# Changelog\n', { version: '0.2.0', date: '' })).toThrow('no section');
});
