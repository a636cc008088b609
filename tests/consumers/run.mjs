// Runs the packed client in every supported runtime, against the service: node tests/consumers/run.mjs [word ...]
// Needs a built checkout and Linux on x64. With words: only the consumers whose name contains one of them.

import { adapters } from './adapters.mjs';
import { bundles } from './bundlers.mjs';
import { next } from './next.mjs';
import { packageChecks } from './package-checks.mjs';
import { preparePackage, prepareProject, prepareTools } from './prepare.mjs';
import { runtimes } from './runtimes.mjs';
import { openStage } from './stage.mjs';
import { compileProgram, compilers } from './types.mjs';

const words = process.argv.slice(2);
const tools = await prepareTools();
const packed = await preparePackage();
const project = await prepareProject(packed);
const stage = await openStage(project);
const kit = { tools, packed, project, stage };
let passed = 0;
let failed = 0;

try {
  await project.writeWorld({ url: stage.url, silentUrl: stage.silentUrl, rootKey: stage.rootKey });
  await compileProgram(kit);
  for (const [name, check] of Object.entries({
    ...packageChecks,
    ...bundles,
    ...compilers,
    ...runtimes,
    ...adapters,
    ...next,
  })) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
    try {
      const remark = await check(kit);
      passed += 1;
      console.log(`ok      ${name}${remark ? `: ${remark}` : ''}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${String(error.stack ?? error).replace(/^/gm, '        ')}`);
    }
  }
} finally {
  await stage.close();
  await project.remove();
}
console.log(`unkey-ts ${packed.manifest.version} in its consumers: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
