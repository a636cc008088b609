import { type ParserPlugin, parse as parseText } from '@babel/parser';
import type * as t from '@babel/types';

/** A node of a syntax tree with its place. */
export interface Place {
  readonly node: t.Node;
  /** The member of the parent that holds the node: `arguments`, `id`. */
  readonly member: string;
  readonly parent: Place | undefined;
}

/** A file with its nodes, parents before children. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly places: readonly Place[];
}

/** A text that replaces a range of a file. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Parses a file; throws the parser's error if it cannot. */
export function parseFile(path: string, text: string): SourceFile {
  const isTypeScript = /\.[cm]?tsx?$/.test(path);
  // In .ts files `<T>x` is a type assertion, and not JSX.
  const isJsx = /\.([cm]?jsx?|tsx)$/.test(path);
  const plugins: ParserPlugin[] = [
    'decorators-legacy',
    'explicitResourceManagement',
    ...(isTypeScript ? (['typescript'] as const) : []),
    ...(isJsx ? (['jsx'] as const) : []),
  ];
  const { program } = parseText(text, {
    sourceType: 'unambiguous',
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    plugins,
  });
  return { path, text, places: placesIn(program) };
}

function placesIn(root: t.Node): Place[] {
  const places: Place[] = [];
  const visit = (node: t.Node, member: string, parent: Place | undefined): void => {
    const place = { node, member, parent };
    places.push(place);
    for (const [name, value] of Object.entries(node)) {
      if (name.endsWith('Comments')) continue;
      for (const child of [value].flat()) if (isNode(child)) visit(child, name, place);
    }
  };
  visit(root, '', undefined);
  return places;
}

function isNode(value: unknown): value is t.Node {
  const { type, start } = (value ?? {}) as { type?: unknown; start?: unknown };
  return typeof type === 'string' && typeof start === 'number';
}

export function startOf(node: t.Node): number {
  return node.start ?? 0;
}

export function endOf(node: t.Node): number {
  return node.end ?? 0;
}

export function textOf({ text }: SourceFile, node: t.Node): string {
  return text.slice(startOf(node), endOf(node));
}

export function replacing(node: t.Node, text: string): Edit {
  return { start: startOf(node), end: endOf(node), text };
}

/** The text after all edits. Throws if two edits overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let position = 0;
  for (const { start, end, text: inserted } of [...edits].sort(
    (a, b) => a.start - b.start || a.end - b.end,
  )) {
    if (start < position) throw new Error(`Two edits overlap at ${start}.`);
    result += text.slice(position, start) + inserted;
    position = end;
  }
  return result + text.slice(position);
}

/** The line of a node, from 1. */
export function lineOf({ text }: SourceFile, node: t.Node): number {
  return text.slice(0, startOf(node)).split('\n').length;
}

/** The name of a member or a property; undefined if it is computed. */
export function memberName(node: t.Node): string | undefined {
  const key =
    node.type === 'MemberExpression' || node.type === 'OptionalMemberExpression'
      ? node.property
      : node.type === 'ObjectProperty' || node.type === 'ObjectMethod'
        ? node.key
        : undefined;
  if (key?.type === 'StringLiteral') return key.value;
  const isComputed = (node as { computed?: boolean }).computed;
  return key?.type === 'Identifier' && !isComputed ? key.name : undefined;
}

/** The properties of an object literal by their names; undefined if it has others, such as a spread. */
export function propertiesOf(node: t.ObjectExpression): Map<string, t.ObjectProperty> | undefined {
  const properties = new Map<string, t.ObjectProperty>();
  for (const property of node.properties) {
    const name = memberName(property);
    if (property.type !== 'ObjectProperty' || name === undefined) return undefined;
    properties.set(name, property);
  }
  return properties;
}

/** Whether an identifier declares a name. */
export function isBinding({ node, member, parent }: Place): boolean {
  if (node.type !== 'Identifier' || parent === undefined) return false;
  if (member === 'id' || member === 'params' || member === 'param') return true;
  return isInPattern({ node, member, parent });
}

function isInPattern({ member, parent }: Place): boolean {
  if (parent === undefined) return false;
  const { type } = parent.node;
  if (type === 'ArrayPattern' || type === 'RestElement') return true;
  if (type === 'AssignmentPattern') return member === 'left';
  return type === 'ObjectProperty' && member === 'value' && parent.parent?.node.type === 'ObjectPattern';
}

/** Whether an identifier is the name of a member, and no reference to a variable or a type. */
export function isMemberName({ member, parent }: Place): boolean {
  if (parent === undefined) return false;
  const { node } = parent;
  if (member === 'key') return !(node as { computed?: boolean }).computed;
  if (member === 'property') return !(node as { computed?: boolean }).computed;
  return member === 'right' && node.type === 'TSQualifiedName';
}
