import type { AuditRecord } from '@unkey-ts/server';
import { workspaceFlag } from './choose-workspace.ts';
import { table, timeCell } from './columns.ts';
import type { Command, Output } from './command.ts';
import { type LocalInvocation, localCommand } from './local-data.ts';
import { parseSince } from './since.ts';

const defaultLimit = 100;

export const auditCommands: readonly Command[] = [
  localCommand({
    group: 'audit',
    name: 'list',
    summary: 'List audit records, oldest first.',
    arguments: [],
    flags: {
      since: {
        kind: 'text',
        value: 'TIME',
        description: 'A date or time, Unix milliseconds, or an age: 30m, 1h, 7d. Default: the beginning.',
      },
      workspace: { ...workspaceFlag, description: 'Only records of this workspace.' },
      limit: {
        kind: 'text',
        value: 'N',
        description: `Number of records, the newest. Default ${defaultLimit}.`,
      },
    },
    run: list,
  }),
];

async function list({ args, storage, server, now }: LocalInvocation): Promise<Output> {
  const since = parseSince(args.text('since'), { now, parseUnits: server.parseUnits });
  const limit = args.wholeNumber('limit') ?? defaultLimit;
  const workspaceId = args.text('workspace');
  const records = await storage.read((store) => store.audit.list({ since, workspaceId, limit }));
  return {
    json: records,
    text: table(['time', 'event', 'who', 'what'], records.map(cellsOf)),
  };
}

function cellsOf({ at, event, actor, display }: AuditRecord): readonly unknown[] {
  return [timeCell(at), event, `${actor.name} (${actor.id})`, display];
}
