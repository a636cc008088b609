import type * as t from '@babel/types';
import { bindingsOf, type ModuleUse } from './modules.ts';
import { Plan } from './plan.ts';
import { type Edit, endOf, propertiesOf, replacing, type SourceFile, startOf, textOf } from './syntax.ts';

/** Exports that mean the same in `unkey-ts/ratelimit`. */
const sameNames: ReadonlySet<string> = new Set(['Ratelimit', 'Duration', 'Limit', 'LimitOptions']);

const unmovable: Readonly<Record<string, string>> = {
  onError: 'onError gets every error; fallback is for outages alone.',
  cache: 'A cache of your own becomes denials: { max }, which is not shared.',
};

/** Moves programs for `@unkey/ratelimit` to `unkey-ts/ratelimit`. */
export function planOwnLimiter(file: SourceFile, uses: readonly ModuleUse[]): Plan {
  const plan = new Plan(file);
  for (const { literal, declaration } of uses) {
    if (declaration === undefined) {
      plan.obstacle(literal, 'The module is loaded in another way than by an import declaration.');
      continue;
    }
    const others = bindingsOf(declaration).filter(
      ({ imported, local }) => !sameNames.has(imported) || local !== imported,
    );
    for (const { imported } of others) {
      plan.obstacle(literal, `unkey-ts/ratelimit has no ${imported}, or under another name.`);
    }
    plan.edits.push(replacing(literal, "'unkey-ts/ratelimit'"));
  }
  for (const { node } of file.places) {
    if (
      node.type !== 'NewExpression' ||
      node.callee.type !== 'Identifier' ||
      node.callee.name !== 'Ratelimit'
    )
      continue;
    planLimiter(plan, file, node);
  }
  return plan;
}

function planLimiter(plan: Plan, file: SourceFile, { arguments: [config] }: t.NewExpression): void {
  const properties = config?.type === 'ObjectExpression' ? propertiesOf(config) : undefined;
  if (config === undefined || properties === undefined) {
    if (config) plan.obstacle(config, 'The options are not written as an object here.');
    return;
  }
  for (const [name, property] of properties) {
    const reason = unmovable[name];
    const isOwnCache = name === 'cache' && property.value.type === 'NewExpression';
    if (isOwnCache || name === 'disableTelemetry') plan.edits.push(removing(file, property));
    else if (reason !== undefined) plan.obstacle(property, reason);
    else if (name === 'baseUrl')
      plan.edits.push(replacing(property, `serverURL: ${textOf(file, property.value)}`));
  }
  const timeout = properties.get('timeout');
  const text = timeout && timeoutText(file, timeout.value);
  if (timeout && text !== undefined) plan.edits.push(replacing(timeout, text));
  else if (timeout) plan.obstacle(timeout, 'The timeout is not written as an object here.');
  else plan.edits.push(...standardTimeoutEdits(file, config));
  plan.note(
    config,
    'Results have the members isFallback and isCached, too; denials are cached for five seconds.',
  );
}

const standardTimeout = ['timeoutMs: 5000', 'fallback: { success: false, limit: 0 }'];

/** What `@unkey/ratelimit` does without a timeout. */
function standardTimeoutEdits({ text }: SourceFile, config: t.Node): Edit[] {
  const start = startOf(config) + 1;
  const space = /^\s*/.exec(text.slice(start))?.[0] ?? '';
  return [{ start, end: start, text: standardTimeout.map((option) => `${space}${option},`).join('') }];
}

const unitsInMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function timeoutText(file: SourceFile, value: t.Node): string | undefined {
  if (value.type === 'BooleanLiteral' && !value.value) return 'timeoutMs: 0';
  const members = value.type === 'ObjectExpression' ? propertiesOf(value) : undefined;
  const [ms, fallback] = [members?.get('ms')?.value, members?.get('fallback')?.value];
  if (ms === undefined || fallback === undefined) return undefined;
  const [, digits = '', unit = ''] =
    ms.type === 'StringLiteral' ? (/^(\d+)\s?(\w+)$/.exec(ms.value) ?? []) : [];
  const factor = unitsInMs[unit];
  if (ms.type === 'StringLiteral' && factor === undefined) return undefined;
  const timeoutMs = factor === undefined ? textOf(file, ms) : String(Number(digits) * factor);
  return `timeoutMs: ${timeoutMs}, fallback: ${textOf(file, fallback)}`;
}

/** Removes a property with its comma, and the space before it. */
function removing({ text }: SourceFile, property: t.Node): Edit {
  const before = /\s*$/.exec(text.slice(0, startOf(property)))?.[0] ?? '';
  const comma = /^\s*,/.exec(text.slice(endOf(property)))?.[0] ?? '';
  return { start: startOf(property) - before.length, end: endOf(property) + comma.length, text: '' };
}
