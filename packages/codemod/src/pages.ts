import type * as t from '@babel/types';
import type { Plan } from './plan.ts';
import { endOf, memberName, type SourceFile, startOf } from './syntax.ts';

const lists = new Set(['listKeys', 'listIdentities', 'listPermissions', 'listRoles', 'listOverrides']);

/** Loops over the pages of a list. In `unkey-ts` they are those of `pages()`: a loop over a page is one over its items. */
export function planPages(plan: Plan, file: SourceFile): void {
  const hasLists = file.places.some(({ node }) => isList(node));
  for (const { node } of file.places) {
    if (node.type !== 'ForOfStatement' || !node.await || !hasLists) continue;
    const { right } = node;
    if (right.type === 'AwaitExpression' && isList(right.argument)) {
      plan.edits.push({ start: startOf(right), end: startOf(right.argument), text: '' });
      plan.edits.push({ start: endOf(right), end: endOf(right), text: '.pages()' });
    } else if (right.type === 'Identifier') {
      plan.obstacle(
        right,
        'If this is a page of a list, loop over its pages(): without it, the loop gives items.',
      );
    }
  }
}

function isList(node: t.Node): boolean {
  return (
    node.type === 'CallExpression' &&
    node.callee.type === 'MemberExpression' &&
    lists.has(memberName(node.callee) ?? '')
  );
}
