import { apiCommands } from './apis.ts';
import { auditCommands } from './audit.ts';
import { backupCommand } from './backup.ts';
import { operationCommands } from './call.ts';
import type { Command } from './command.ts';
import { completionCommand } from './completion.ts';
import { doctorCommand } from './doctor.ts';
import { emulateCommand } from './emulate.ts';
import { migrateDataCommand } from './migrate-data.ts';
import { migrationCommands } from './migrations.ts';
import { namespaceCommands } from './namespaces.ts';
import { restoreCommand } from './restore.ts';
import { rootKeyCommands } from './root-keys.ts';
import { secretCommands } from './secrets.ts';
import { serveCommand } from './serve.ts';
import { configCommand } from './show-config.ts';
import { workspaceCommands } from './workspaces.ts';

/** All commands. */
export const commands: readonly Command[] = [
  serveCommand,
  emulateCommand,
  backupCommand,
  restoreCommand,
  migrateDataCommand,
  configCommand,
  doctorCommand,
  completionCommand(() => commands),
  ...rootKeyCommands,
  ...workspaceCommands,
  ...apiCommands,
  ...namespaceCommands,
  ...migrationCommands,
  ...auditCommands,
  ...secretCommands,
  ...operationCommands,
];
