/** The texts that a release changes, as pure functions. */

const versionPattern = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

interface Manifest {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** Throws unless `next` is a version (`1.2.3`, `1.2.3-beta.1`) that comes after `current`. */
export function checkVersion(next: string, current: string): void {
  if (!versionPattern.test(next)) {
    throw new Error(`The version must have the form 1.2.3 or 1.2.3-beta.1 (is '${next}').`);
  }
  if (compareVersions(next, current) <= 0) {
    throw new Error(`The version must be greater than the current one, ${current} (is '${next}').`);
  }
}

/** Semantic-versioning order: 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0. */
export function compareVersions(left: string, right: string): number {
  const [leftCore = '', leftPre] = splitOnce(left);
  const [rightCore = '', rightPre] = splitOnce(right);
  const byCore = compareParts(leftCore, rightCore);
  if (byCore !== 0 || leftPre === rightPre) return byCore;
  if (leftPre === undefined) return 1;
  if (rightPre === undefined) return -1;
  return compareParts(leftPre, rightPre);
}

function splitOnce(version: string): readonly (string | undefined)[] {
  const dash = version.indexOf('-');
  return dash === -1 ? [version] : [version.slice(0, dash), version.slice(dash + 1)];
}

function compareParts(left: string, right: string): number {
  const [lefts, rights] = [left.split('.'), right.split('.')];
  for (let index = 0; index < Math.max(lefts.length, rights.length); index++) {
    const order = comparePart(lefts[index], rights[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers come before texts, and a missing part before any. */
function comparePart(left: string | undefined, right: string | undefined): number {
  if (left === right) return 0;
  if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
  const [isLeftNumber, isRightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (isLeftNumber && isRightNumber) return Math.sign(Number(left) - Number(right));
  if (isLeftNumber !== isRightNumber) return isLeftNumber ? -1 : 1;
  return left < right ? -1 : 1;
}

/** A package.json of a workspace with another version, of itself and of the other workspaces that it names. */
export function manifestWithVersion(text: string, version: string): string {
  return `${JSON.stringify(withVersion(JSON.parse(text), version), undefined, 2)}\n`;
}

/** The package-lock.json with the same changes. */
export function lockWithVersion(text: string, version: string): string {
  const lock: { packages: Record<string, Manifest> } = JSON.parse(text);
  const packages = Object.entries(lock.packages).map(([path, entry]) => [
    path,
    path.startsWith('packages/') ? withVersion(entry, version) : entry,
  ]);
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, undefined, 2)}\n`;
}

function withVersion(manifest: Manifest, version: string): Manifest {
  const renewed = (dependencies: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(dependencies).map(([name, range]) => [
        name,
        name.startsWith('@unkey-ts/') ? version : range,
      ]),
    );
  return {
    ...manifest,
    version,
    ...(manifest.dependencies && { dependencies: renewed(manifest.dependencies) }),
    ...(manifest.devDependencies && { devDependencies: renewed(manifest.devDependencies) }),
  };
}

/** The changelog with the unreleased changes under the version and its date, and an empty "Unreleased" above. */
export function changelogWithVersion(
  text: string,
  { version, date }: { version: string; date: string },
): string {
  const heading = '## Unreleased\n';
  const start = text.indexOf(heading);
  if (start === -1) throw new Error('CHANGELOG.md has no section "## Unreleased".');
  const [, entries = ''] = /^([\s\S]*?)(?=\n## |$(?![\s\S]))/.exec(text.slice(start + heading.length)) ?? [];
  if (!/^- /m.test(entries))
    throw new Error('CHANGELOG.md has no entry under "Unreleased": there is nothing to release.');
  return text.replace(heading, () => `${heading}\n## ${version} (${date})\n`);
}
