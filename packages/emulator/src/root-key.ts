import { emulatorKeyPrefix } from '@unkey-ts/server';

/** Of the first workspace, with every permission. No secret: `serve` refuses it. */
export const emulatorRootKey = `${emulatorKeyPrefix}root_key`;
