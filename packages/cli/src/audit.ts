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
    summary: 'Show who changed what, oldest first.',
    arguments: [],
    flags: {
      since: {
        kind: 'text',
        value: 'TIME',
        description: 'A date or time, Unix milliseconds, or an age: 30m, 1h, 7d. Default: the beginning.',
      },
      workspace: { ...workspaceFlag, description: 'Only what was done in this workspace.' },
      limit: {
        kind: 'text',
        value: 'N',
        description: `The newest so many records. Default ${defaultLimit}.`,
      },
    },
    run: list,
  }),
];

async function list({ given, storage, now }: LocalInvocation): Promise<Output> {
  const since = parseSince(given.text('since'), now);
  const limit = given.wholeNumber('limit') ?? defaultLimit;
  const workspaceId = given.text('workspace');
  const records = await storage.read((store) => store.audit.list({ since, workspaceId, limit }));
  return {
    json: records,
    text: table(['time', 'event', 'who', 'what'], records.map(cellsOf)),
  };
}

function cellsOf({ at, event, actor, display }: AuditRecord): readonly unknown[] {
  return [timeCell(at), event, `${actor.name} (${actor.id})`, display];
}
