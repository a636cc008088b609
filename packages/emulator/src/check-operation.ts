import { operationIds, suggestion } from '@unkey-ts/contract';
import { EmulatorError } from './emulator-error.ts';
import { shown } from './shown.ts';

export function checkOperation(operation: string): void {
  if ((operationIds as readonly string[]).includes(operation)) return;
  throw new EmulatorError(
    `${shown(operation)} is not an operation.${suggestion(String(operation), operationIds)} Use one such as 'keys.verifyKey'.`,
  );
}
