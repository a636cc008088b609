import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pinned } from './cores.ts';
import type { InProcessPlan, InProcessSpent } from './in-process-work.ts';

const program = fileURLToPath(new URL('in-process-work.js', import.meta.url));
/** A young generation that holds what is used up between two looks at the heap. */
const roomy = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

/** Requests without a socket, in a process of their own. */
export async function spentInProcess(plan: InProcessPlan): Promise<InProcessSpent> {
  const flags = plan.heapCalls > 0 ? ['--expose-gc', ...roomy] : ['--expose-gc'];
  const whole: [string, ...string[]] = [process.execPath, ...flags, program, JSON.stringify(plan)];
  const [command, args] = pinned('server', whole);
  const { stdout } = await promisify(execFile)(command, args);
  return JSON.parse(stdout) as InProcessSpent;
}
