import type * as t from '@babel/types';
import type { Plan } from './plan.ts';
import { type Edit, propertiesOf, replacing, type SourceFile, textOf } from './syntax.ts';

/** The members of our `retry` for those of a backoff, with what `@unkey/api` uses without them. */
const backoffMembers = [
  ['initialInterval', 'initialIntervalMs', '500'],
  ['maxInterval', 'maxIntervalMs', '60_000'],
  ['exponent', 'exponent', '1.5'],
  ['maxElapsedTime', 'maxElapsedMs', '3_600_000'],
] as const;

/** Members of `RequestInit`, which are in `fetchOptions` here. */
const fetchMembers =
  /^(cache|credentials|dispatcher|integrity|keepalive|mode|priority|redirect|referrer|referrerPolicy|window)$/;

const unmovable: Readonly<Record<string, string>> = {
  httpClient: 'httpClient becomes the options fetch and hooks, whose functions take other arguments.',
  serverIdx: 'serverIdx has no counterpart: use serverURL.',
  debugLogger: 'debugLogger becomes debug, which gets one line for each attempt.',
};

/** Moves the options of a client or of a call. */
export function planOptions(plan: Plan, file: SourceFile, node: t.Node | undefined): void {
  if (node === undefined) return;
  if (node.type !== 'ObjectExpression') {
    plan.note(node, 'These options are not written here: check their names, the compiler knows them.');
    return;
  }
  const written = node.properties.filter(({ type }) => type !== 'SpreadElement');
  const properties = propertiesOf({ ...node, properties: written });
  if (properties === undefined) {
    plan.obstacle(node, 'The options have a method or a computed name.');
    return;
  }
  if (written.length < node.properties.length) {
    plan.note(node, 'Some options are not written here: check their names, the compiler knows them.');
  }
  const codes = properties.get('retryCodes');
  const retries = properties.get('retryConfig') ?? properties.get('retries');
  if (codes !== undefined && retries === undefined) plan.obstacle(codes, 'retryCodes without retries.');
  for (const [name, property] of properties) {
    const reason = unmovable[name];
    if (reason !== undefined) plan.obstacle(property, reason);
    else if (property === retries) plan.edits.push(...retryEdits(plan, file, { retries, codes }));
    else if (name === 'userAgent') {
      plan.edits.push(replacing(property, `headers: { 'user-agent': ${textOf(file, property.value)} }`));
    } else if (fetchMembers.test(name)) {
      plan.obstacle(property, `${name} belongs into fetchOptions here.`);
    } else if (name === 'headers' && property.value.type !== 'ObjectExpression') {
      plan.obstacle(property, 'headers must be an object here.');
    } else if (name === 'timeoutMs') {
      plan.note(property, 'timeoutMs is the deadline of the whole call here, with all attempts and pauses.');
    }
  }
}

interface Retries {
  readonly retries: t.ObjectProperty;
  readonly codes: t.ObjectProperty | undefined;
}

function retryEdits(plan: Plan, file: SourceFile, { retries, codes }: Retries): Edit[] {
  const text = retryText(file, retries.value, codes);
  if (text === undefined) {
    plan.obstacle(retries, 'The retries are not written as an object here.');
    return [];
  }
  plan.note(retries, 'A call that creates or spends is repeated only if that is safe.');
  const edits = [replacing(retries, text)];
  // With its comma.
  if (codes !== undefined) {
    const rest = /^\s*,?\s*/.exec(file.text.slice(codes.end ?? 0))?.[0] ?? '';
    edits.push({ start: codes.start ?? 0, end: (codes.end ?? 0) + rest.length, text: '' });
  }
  return edits;
}

function retryText(
  file: SourceFile,
  config: t.Node,
  codes: t.ObjectProperty | undefined,
): string | undefined {
  const value = config.type === 'TSAsExpression' ? config.expression : config;
  const members = value.type === 'ObjectExpression' ? propertiesOf(value) : undefined;
  const strategy = members?.get('strategy')?.value;
  if (strategy?.type !== 'StringLiteral') return undefined;
  if (strategy.value === 'none') return 'retry: false';
  const backoff = members?.get('backoff')?.value;
  const pauses =
    backoff?.type === 'ObjectExpression' ? propertiesOf(backoff) : new Map<string, t.ObjectProperty>();
  if ((backoff !== undefined && backoff.type !== 'ObjectExpression') || pauses === undefined)
    return undefined;
  const connections = members?.get('retryConnectionErrors')?.value;
  const parts = backoffMembers.map(([theirs, ours, standard]) => {
    const pause = pauses.get(theirs)?.value;
    return `${ours}: ${pause === undefined ? standard : textOf(file, pause)}`;
  });
  parts.push(`retryConnectionErrors: ${connections === undefined ? 'false' : textOf(file, connections)}`);
  const statuses = codes === undefined ? "'5XX'" : statusesText(codes.value);
  return statuses && `retry: { ${parts.join(', ')}, statusCodes: [${statuses}] }`;
}

/** `'503', '5XX'` → `503, '5XX'`. */
function statusesText(codes: t.Node): string | undefined {
  if (codes.type !== 'ArrayExpression') return undefined;
  const statuses = codes.elements.map((code) => {
    const [status] = (code?.type === 'StringLiteral' && /^(\d{3}|[45]XX)$/i.exec(code.value)) || [];
    return /X/i.test(status ?? '') ? `'${status?.toUpperCase()}'` : status;
  });
  return statuses.includes(undefined) ? undefined : statuses.join(', ');
}
