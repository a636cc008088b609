import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Before all tests, and before each run of a watch: makes what tests start as a process or as a worker thread, so that
 * an editor's test button and a watch test one version. Takes half a second when nothing has changed.
 */
export default function setUp(project: TestProject): void {
  build();
  project.onTestsRerun(build);
}

function build(): void {
  try {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b'], {
      cwd: root,
      stdio: 'inherit',
    });
  } catch {
    // Types do not hold, which the compiler has printed: it writes the JavaScript all the same.
  }
  execFileSync(process.execPath, ['tools/build-unkey.mjs'], { cwd: root, stdio: 'inherit' });
}
