import { bindingsOf, type Family, type ModuleUse } from './modules.ts';
import { Plan } from './plan.ts';
import { type Place, replacing, type SourceFile, textOf } from './syntax.ts';

/** Resources of the hosted service that the service here does not have. */
const otherResources =
  /^(analytics|apps|deployments|domains|environments|gateway|github|internal|portal|projects)$/;

/** Exports of `@unkey/api` that `unkey-ts/compat/api` does not have. */
const otherExports = /(FromJSON|ToJSON)$|\$(in|out)boundSchema$|\$Outbound$/;

/** Changes the module names and nothing else. Obstacles: what the counterpart does not have. */
export function planCompat(file: SourceFile, family: Family, uses: readonly ModuleUse[]): Plan {
  const plan = new Plan(file);
  for (const { subPath, literal, declaration } of uses) {
    const [quote = "'"] = textOf(file, literal);
    const moved = `${quote}${family.compat}${subPath}${quote}`;
    if (textOf(file, literal) !== moved) plan.edits.push(replacing(literal, moved));
    if (!family.subPaths.test(subPath)) {
      plan.obstacle(literal, `${family.compat} has no ${subPath.slice(1)}.`);
    }
    for (const { imported } of declaration === undefined ? [] : bindingsOf(declaration)) {
      if (otherExports.test(imported)) plan.obstacle(literal, `${family.compat} has no ${imported}.`);
    }
  }
  if (family.name === '@unkey/api') refuseOtherResources(plan, file);
  return plan;
}

/** `unkey.portal.createSession(…)`. */
function refuseOtherResources(plan: Plan, file: SourceFile): void {
  for (const place of file.places) {
    const { node } = place;
    if (node.type !== 'MemberExpression' || node.property.type !== 'Identifier' || node.computed) continue;
    const { name } = node.property;
    if (otherResources.test(name) && isCalledMember(place)) {
      plan.obstacle(
        node,
        `The service has no operations of ${name}: call the hosted service with @unkey/api.`,
      );
    }
  }
}

/** Whether a method of this expression is called. */
function isCalledMember({ parent }: Place): boolean {
  if (parent?.node.type !== 'MemberExpression') return false;
  return parent.parent?.node.type === 'CallExpression' && parent.parent.node.callee === parent.node;
}
