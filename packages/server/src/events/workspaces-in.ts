/**
 * Recursive SQL query `workspaces (id)`: the workspaces with rows in an event table. A loose index scan, because the
 * index begins with the workspace: one step for each workspace, however many events it has. The last id is null.
 */
export function workspacesIn(table: string): string {
  return `
    RECURSIVE workspaces (id) AS (
      SELECT min(workspace_id) FROM ${table}
      UNION ALL
      SELECT (SELECT min(workspace_id) FROM ${table} WHERE workspace_id > workspaces.id)
        FROM workspaces WHERE workspaces.id IS NOT NULL
    )`;
}
