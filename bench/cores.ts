import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Roles that get a core of their own. */
export type Role = 'server' | 'load';

/** Servers get the first core that this process may use, load the last; null if there is only one core. */
const cores = coresApart();

/** Prefix that pins a command to its core with `taskset`, where that is available. */
export function pinned(role: Role, [command, ...args]: readonly [string, ...string[]]): [string, string[]] {
  if (cores === null) return [command, args];
  return ['taskset', ['-c', String(cores[role]), command, ...args]];
}

/** For the output. */
export function sayCores(): string {
  if (cores === null) return 'Servers and load share all cores: there is no taskset here, or only one core.';
  return `Servers run on core ${cores.server}, load on core ${cores.load}.`;
}

export function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

function coresApart(): Record<Role, number> | null {
  if (process.platform !== 'linux' || !isOnPath('taskset')) return null;
  const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const numbers = list.match(/\d+/g)?.map(Number) ?? [];
  const [server, load] = [numbers.at(0), numbers.at(-1)];
  return server === undefined || load === undefined || server === load ? null : { server, load };
}
