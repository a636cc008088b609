import type { OperationId } from '@unkey-ts/contract';
import type { Scenario, Suite, World } from './scenario.ts';

const files = import.meta.glob<{ default: Suite }>('./{apis,identities,keys,permissions,ratelimit}/*.ts', {
  eager: true,
});
const suites = new Map(Object.values(files).map(({ default: suite }) => [suite.operation, suite]));

/** Prepares the world for a call that succeeds, and returns its body: the first case of the suite that expects 200. */
export async function arrangeSuccess(operation: OperationId, world: World): Promise<unknown> {
  const example = suites.get(operation)?.cases.find(isSuccess);
  if (example === undefined) throw new Error(`tests/api has no case of ${operation} that expects 200.`);
  const vars = await example.arrange?.(world);
  return typeof example.body === 'function' ? example.body(vars) : example.body;
}

/** Of those whose caller and service are the usual ones. */
function isSuccess({ service, headers, expect }: Scenario): boolean {
  const isUsual = service === undefined && headers === undefined;
  return isUsual && typeof expect !== 'function' && expect.status === 200;
}
