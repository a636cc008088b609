import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from './bundle-unkey.mjs';

/** A CycloneDX bill of materials: the packages inside the bundle, and those that npm installs beside it. */
export function softwareBill(root, manifest, bundledFolders) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const bundled = bundledFolders.map(readManifest);
  const installed = installedPackages(packages, Object.keys(manifest.dependencies));
  const components = [...bundled, ...installed].map(component);
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { ...component(manifest), type: 'application' } },
    components: components.sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
    dependencies: [
      { ref: component(manifest)['bom-ref'], dependsOn: components.map((each) => each['bom-ref']).sort() },
    ],
  };
}

function component({ name, version, license }) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    ...(license && {
      licenses: [/ (OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }],
    }),
    purl,
  };
}

/** These packages and all that they depend on, as the lock file has them. */
function installedPackages(packages, names) {
  const found = new Map();
  const visit = (name) => {
    const entry = packages[`node_modules/${name}`];
    // Optional ones may be missing.
    if (entry === undefined || found.has(name)) return;
    found.set(name, { name, version: entry.version, license: entry.license });
    for (const dependency of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }))
      visit(dependency);
  };
  for (const name of names) visit(name);
  return [...found.values()];
}
