import type * as t from '@babel/types';
import { type Binding, bindingsOf, type ModuleUse } from './modules.ts';
import { planOptions } from './options.ts';
import { isResponseType, ownType, reasonFor, sameClasses, valueTables } from './own-names.ts';
import { planPages } from './pages.ts';
import { Plan } from './plan.ts';
import {
  type Edit,
  endOf,
  isBinding,
  isMemberName,
  memberName,
  type Place,
  propertiesOf,
  replacing,
  type SourceFile,
  startOf,
  textOf,
} from './syntax.ts';

/** Moves programs for `@unkey/api` to the names of `unkey-ts`. Obstacles: what would change or not compile. */
export function planOwnClient(file: SourceFile, uses: readonly ModuleUse[]): Plan {
  const plan = new Plan(file);
  const imports = new Imports(file);
  for (const use of uses) {
    if (use.declaration === undefined) {
      plan.obstacle(use.literal, 'The module is loaded in another way than by an import declaration.');
      continue;
    }
    for (const binding of bindingsOf(use.declaration)) planBinding(plan, file, { binding, use, imports });
    imports.replace(use.declaration);
  }
  planCalls(plan, file);
  planReads(plan, file);
  planPages(plan, file);
  plan.edits.push(...imports.edits());
  return plan;
}

interface Imported {
  readonly binding: Binding;
  readonly use: ModuleUse;
  readonly imports: Imports;
}

function planBinding(plan: Plan, file: SourceFile, imported: Imported): void {
  const { binding, use, imports } = imported;
  const references = file.places.filter((place) => isReference(place, binding.local));
  if (file.places.some((place) => isNamed(place, binding.local) && isBinding(place))) {
    plan.obstacle(use.literal, `The name ${binding.local} is declared again in this file.`);
  }
  if (binding.imported === 'default') plan.obstacle(use.literal, reasonFor('default export'));
  for (const reference of references) {
    if (binding.imported !== '*') {
      planName(plan, file, { ...imported, name: binding.imported, place: reference });
      continue;
    }
    const { parent } = reference;
    const name = parent && namespaceMember(parent.node, reference.node);
    if (parent && name) planName(plan, file, { ...imported, name, place: parent });
    else plan.obstacle(reference.node, `${binding.local} is used as a value.`);
  }
  if (binding.imported === '*') imports.addNamespace(binding.local);
}

/** `NotFoundErrorResponse` of `errors.NotFoundErrorResponse`. */
function namespaceMember(parent: t.Node, namespace: t.Node): string | undefined {
  if (parent.type === 'TSQualifiedName' && parent.left === namespace) return parent.right.name;
  if (parent.type !== 'MemberExpression' || parent.object !== namespace) return undefined;
  return memberName(parent);
}

interface Reference extends Imported {
  readonly name: string;
  /** The name, with its namespace. */
  readonly place: Place;
}

/** Moves one mention of an imported name. */
function planName(plan: Plan, file: SourceFile, { binding, use, imports, name, place }: Reference): void {
  const { node, parent } = place;
  const isNamespace = binding.imported === '*';
  const table = valueTables[name];
  const value = table && parent?.node.type === 'MemberExpression' && parent.node.object === node;
  if (value) {
    const text = table[memberName(parent.node) ?? ''];
    if (text === undefined) plan.obstacle(node, `${name} has no such member.`);
    else plan.edits.push(valueEdit(file, parent, text));
    return;
  }
  if (use.subPath.startsWith('/funcs/')) {
    planFunction(plan, file, { name, place });
    return;
  }
  const own = sameClasses.has(name) ? name : ownType(name);
  if (own === undefined || (table && name !== 'Code')) {
    plan.obstacle(node, reasonFor(name));
    return;
  }
  if (isLiteralOf(file, place) && !sameClasses.has(name) && isResponseType(name)) {
    plan.obstacle(node, `A literal of ${name}: its type here, ${own}, is stricter.`);
  }
  if (isNamespace) {
    const last = node.type === 'TSQualifiedName' ? node.right : (node as t.MemberExpression).property;
    if (own !== name) plan.edits.push(replacing(last, own));
    return;
  }
  const local = imports.add(own, { isType: !sameClasses.has(name) || binding.isType, wanted: binding });
  if (local !== binding.local) plan.edits.push(renaming(plan, place, local));
}

function renaming(plan: Plan, { node, parent }: Place, local: string): Edit {
  if (parent?.node.type === 'ExportSpecifier') plan.obstacle(node, 'It is exported under its name.');
  const isShorthand = parent?.node.type === 'ObjectProperty' && parent.node.shorthand;
  const before = node.type === 'Identifier' && isShorthand ? `${node.name}: ` : '';
  return replacing(node, `${before}${local}`);
}

function valueEdit(file: SourceFile, { node, member, parent }: Place, text: string): Edit {
  const property = parent?.node;
  if (member !== 'key' || property?.type !== 'ObjectProperty') return replacing(node, `'${text}'`);
  // Of a computed key its brackets go, too.
  return { start: startOf(property), end: file.text.indexOf(']', endOf(node)) + 1, text };
}

/** `keysVerifyKey(core, request)` → `core.request('keys.verifyKey', request).safe()`. */
function planFunction(plan: Plan, file: SourceFile, { name, place }: { name: string; place: Place }): void {
  const call = place.parent?.node;
  const [, resource = '', rest = ''] = /^(apis|identities|keys|permissions|ratelimit)(\w+)$/.exec(name) ?? [];
  const isCall = call?.type === 'CallExpression' && call.callee === place.node;
  const [client, request, options] = isCall ? call.arguments : [];
  if (rest.startsWith('List') || client === undefined || request === undefined || !isCall) {
    plan.obstacle(place.node, 'This function is not called here, or it reads a list.');
    return;
  }
  const operation = `${resource}.${rest.charAt(0).toLowerCase()}${rest.slice(1)}`;
  plan.edits.push(
    { start: startOf(call), end: startOf(request), text: `${textOf(file, client)}.request('${operation}', ` },
    { start: endOf(call), end: endOf(call), text: '.safe()' },
  );
  planOptions(plan, file, options);
}

const resources = /^(apis|identities|keys|permissions|ratelimit)$/;

/** Options of clients and of calls, and limits without `autoApply`. */
function planCalls(plan: Plan, file: SourceFile): void {
  for (const { node } of file.places) {
    if (
      node.type === 'NewExpression' &&
      node.callee.type === 'Identifier' &&
      /^Unkey(Core)?$/.test(node.callee.name)
    ) {
      planOptions(plan, file, node.arguments[0]);
    }
    if (node.type === 'CallExpression' && isOperation(node.callee))
      planOptions(plan, file, node.arguments[1]);
    if (node.type === 'ObjectExpression') plan.edits.push(...autoApplyEdits(node));
  }
}

/** `unkey.keys.verifyKey`. */
function isOperation(callee: t.Node): boolean {
  if (callee.type !== 'MemberExpression') return false;
  return callee.object.type === 'MemberExpression' && resources.test(memberName(callee.object) ?? '');
}

/** `@unkey/api` adds `autoApply: false` to the limits of keys and identities. Verifications have other limits. */
function autoApplyEdits(node: t.ObjectExpression): Edit[] {
  const ratelimits = node.properties.find((property) => memberName(property) === 'ratelimits');
  const isVerification = node.properties.some((property) => memberName(property) === 'key');
  if (isVerification || ratelimits?.type !== 'ObjectProperty' || ratelimits.value.type !== 'ArrayExpression')
    return [];
  return ratelimits.value.elements.flatMap((element) => {
    const names = element?.type === 'ObjectExpression' && propertiesOf(element);
    const isLimit = names && ['name', 'limit', 'duration'].every((name) => names.has(name));
    const last = element?.type === 'ObjectExpression' ? element.properties.at(-1) : undefined;
    if (!isLimit || last === undefined || names.has('autoApply') || names.has('cost')) return [];
    return [{ start: endOf(last), end: endOf(last), text: ', autoApply: false' }];
  });
}

/** Members that are missing here or have another type. */
const otherMembers: Readonly<Record<string, string>> = {
  rawResponse: 'Errors have status, headers and body, and no rawResponse.',
  contentType: "Errors have no contentType: use headers.get('content-type').",
  $inspect: 'Calls have withResponse() instead of $inspect().',
  '~next': 'Pages have pagination.cursor instead of ~next.',
};

function planReads(plan: Plan, file: SourceFile): void {
  for (const { node, parent } of file.places) {
    if (node.type !== 'MemberExpression' && node.type !== 'OptionalMemberExpression') {
      if (node.type === 'ObjectPattern') planPattern(plan, node);
      continue;
    }
    const name = memberName(node) ?? '';
    const reason = otherMembers[name];
    if (reason !== undefined) plan.obstacle(node, reason);
    if (isReadOfErrorBody(node) && parent && memberName(parent.node) && isCaught(parent)) {
      plan.obstacle(node, 'Members of the body of an error may be undefined: it may be one of a proxy.');
    }
    if (name === 'meta' && !(parent && memberName(parent.node) === 'requestId')) {
      plan.obstacle(node, 'Values of meta have the type unknown: declare them in Register (README, Types).');
    }
    if (name === 'next' && parent?.node.type === 'CallExpression' && parent.node.arguments.length === 0) {
      if (parent.parent?.node.type !== 'AwaitExpression') {
        plan.obstacle(node, 'next() always returns a promise.');
      }
    }
  }
}

/** `error.meta.requestId`, `error.error.detail`. */
function isReadOfErrorBody(node: t.MemberExpression | t.OptionalMemberExpression): boolean {
  const owner = memberName(node.object);
  return owner === 'error' || (owner === 'meta' && memberName(node) === 'requestId');
}

function isCaught({ node, parent }: Place): boolean {
  return node.type === 'CatchClause' || (parent !== undefined && isCaught(parent));
}

function planPattern(plan: Plan, pattern: t.ObjectPattern): void {
  for (const property of pattern.properties) {
    const name = memberName(property) ?? '';
    const reason =
      otherMembers[name] ?? (name === 'meta' ? 'Values of meta may have the type unknown.' : undefined);
    if (reason !== undefined) plan.obstacle(property, reason);
  }
}

function isNamed({ node }: Place, name: string): boolean {
  return node.type === 'Identifier' && node.name === name;
}

function isReference(place: Place, name: string): boolean {
  const { type = '' } = place.parent?.node ?? {};
  return (
    isNamed(place, name) && !/^Import\w*Specifier$/.test(type) && !isBinding(place) && !isMemberName(place)
  );
}

/** Whether a type, or a type that is named after it, is that of a variable with a literal. */
function isLiteralOf(file: SourceFile, { parent }: Place): boolean {
  let place = parent;
  while (place && /^TS(TypeReference|TypeAnnotation|ArrayType|QualifiedName)$/.test(place.node.type)) {
    place = place.parent;
  }
  if (place?.node.type === 'TSTypeAliasDeclaration') {
    const { name } = place.node.id;
    return file.places.some((other) => isReference(other, name) && isLiteralOf(file, other));
  }
  const declarator = place?.parent?.node;
  return (
    declarator?.type === 'VariableDeclarator' &&
    /^(Object|Array)Expression$/.test(declarator.init?.type ?? '')
  );
}

/** The declarations that import from `unkey-ts`. */
class Imports {
  readonly #file: SourceFile;
  readonly #declared: ReadonlySet<string>;
  readonly #names = new Map<string, { readonly local: string; isType: boolean }>();
  readonly #namespaces: string[] = [];
  readonly #replaced: t.ImportDeclaration[] = [];

  constructor(file: SourceFile) {
    this.#file = file;
    this.#declared = new Set(
      file.places.flatMap((place) =>
        isBinding(place) && place.node.type === 'Identifier' ? [place.node.name] : [],
      ),
    );
  }

  /** Imports a name; returns what it is called in this file. */
  add(name: string, { isType, wanted }: { isType: boolean; wanted: Binding }): string {
    const known = this.#names.get(name);
    if (known !== undefined) {
      known.isType &&= isType;
      return known.local;
    }
    // The name that it had stays if it was chosen, or if the new one is taken.
    const isChosen = wanted.local !== wanted.imported || this.#declared.has(name);
    const local = isChosen ? wanted.local : name;
    this.#names.set(name, { local, isType });
    return local;
  }

  addNamespace(local: string): void {
    this.#namespaces.push(local);
  }

  replace(declaration: t.ImportDeclaration): void {
    this.#replaced.push(declaration);
  }

  edits(): Edit[] {
    const names = [...this.#names].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
    const isOnlyTypes = names.every(([, { isType }]) => isType);
    const specifiers = names.map(([name, { local, isType }]) => {
      const prefix = isType && !isOnlyTypes ? 'type ' : '';
      return `${prefix}${name}${local === name ? '' : ` as ${local}`}`;
    });
    const lines = [
      ...this.#namespaces.map((local) => `import * as ${local} from 'unkey-ts';`),
      ...(names.length === 0
        ? []
        : [`import ${isOnlyTypes ? 'type ' : ''}{ ${specifiers.join(', ')} } from 'unkey-ts';`]),
    ];
    return this.#replaced.map((declaration, index) => {
      const isLast = index > 0;
      const { text } = this.#file;
      const end = endOf(declaration);
      // A declaration that is not needed any more goes with its line.
      return isLast || lines.length === 0
        ? { start: startOf(declaration), end: text[end] === '\n' ? end + 1 : end, text: '' }
        : replacing(declaration, lines.join('\n'));
    });
  }
}
