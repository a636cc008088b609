import type { ConfigFlag } from '@unkey-ts/server';
import type { Flag } from './command.ts';
import type { ParsedArgs } from './parsed-args.ts';

/** The flags that set the configuration of a server. */
export const configFlags = {
  host: { kind: 'text', value: 'HOST', description: 'Address to listen on. Default: HOST, then 127.0.0.1.' },
  port: {
    kind: 'text',
    value: 'PORT',
    description: 'Port to listen on; 0 picks a free one. Default: PORT, then 7070.',
  },
  'data-dir': {
    kind: 'text',
    value: 'FOLDER',
    description: 'Data folder. Default: UNKEY_DATA_DIR, then ./data.',
  },
  'log-level': {
    kind: 'text',
    value: 'LEVEL',
    description: 'trace, debug, info, warn, error, fatal or silent. Default: LOG_LEVEL, then info.',
  },
  'trusted-proxies': {
    kind: 'text',
    value: 'CIDR,CIDR',
    description: 'Proxies whose X-Forwarded-For is trusted. Default: UNKEY_TRUSTED_PROXIES, then none.',
  },
} as const satisfies Record<ConfigFlag, Flag>;

export function configFlagsOf(args: ParsedArgs): Partial<Record<ConfigFlag, string | undefined>> {
  const names = Object.keys(configFlags) as ConfigFlag[];
  return Object.fromEntries(names.map((name) => [name, args.text(name)]));
}
