import type * as t from '@babel/types';
import type { Place, SourceFile } from './syntax.ts';

/** A published package with its counterparts. */
export interface Family {
  readonly name: string;
  /** The entry point with the same names. */
  readonly compat: string;
  /** Sub-paths that `compat` has. */
  readonly subPaths: RegExp;
}

export const families: readonly Family[] = [
  {
    name: '@unkey/api',
    compat: 'unkey-ts/compat/api',
    subPaths: new RegExp(
      [
        '^$',
        '/core(\\.js)?$',
        '/funcs/(apis|identities|keys|permissions|ratelimit)[A-Z]\\w*(\\.js)?$',
        '/models/(components|errors|operations)(/.+)?$',
        '/types(/.+)?$',
        '/lib/(config|http|logger|retries|sdks)(\\.js)?$',
      ].join('|^'),
    ),
  },
  { name: '@unkey/ratelimit', compat: 'unkey-ts/compat/ratelimit', subPaths: /^$/ },
  { name: '@unkey/hono', compat: 'unkey-ts/compat/hono', subPaths: /^$/ },
  { name: '@unkey/nextjs', compat: 'unkey-ts/compat/nextjs', subPaths: /^$/ },
];

/** A mention of a module of a family. */
export interface ModuleUse {
  readonly family: Family;
  /** `/models/errors`; empty for the main entry. */
  readonly subPath: string;
  readonly literal: t.StringLiteral;
  /** Undefined if the module is not imported by a declaration: `require`, `export … from`, a mock. */
  readonly declaration: t.ImportDeclaration | undefined;
}

/** All mentions of modules of these families. */
export function moduleUses(file: SourceFile, wanted: readonly Family[]): ModuleUse[] {
  return file.places.flatMap((place) => {
    const { node, parent } = place;
    if (node.type !== 'StringLiteral' || parent === undefined || !isSpecifier(place)) return [];
    for (const family of wanted) {
      for (const name of [family.name, family.compat]) {
        if (node.value !== name && !node.value.startsWith(`${name}/`)) continue;
        const declaration = parent.node.type === 'ImportDeclaration' ? parent.node : undefined;
        return [{ family, subPath: node.value.slice(name.length), literal: node, declaration }];
      }
    }
    return [];
  });
}

const loaders =
  /^(require|mock|unmock|doMock|dontMock|importActual|importMock|requireActual|requireMock|resolve)$/;

function isSpecifier({ member, parent }: Place): boolean {
  const node = parent?.node;
  switch (node?.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
      return member === 'source';
    case 'TSImportType':
    case 'TSExternalModuleReference':
      return true;
    case 'TSModuleDeclaration':
      return member === 'id';
    case 'CallExpression':
      return member === 'arguments' && loaders.test(calleeName(node));
    default:
      return false;
  }
}

function calleeName({ callee }: t.CallExpression): string {
  if (callee.type === 'Import') return 'require';
  if (callee.type === 'Identifier') return callee.name;
  return callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
    ? callee.property.name
    : '';
}

/** A name that an import declaration gives to an export of a module. */
export interface Binding {
  readonly local: string;
  /** `*` for a namespace. */
  readonly imported: string;
  readonly isType: boolean;
}

export function bindingsOf(declaration: t.ImportDeclaration): Binding[] {
  return declaration.specifiers.map((specifier) => {
    const { name: local } = specifier.local;
    if (specifier.type !== 'ImportSpecifier') {
      const imported = specifier.type === 'ImportNamespaceSpecifier' ? '*' : 'default';
      return { local, imported, isType: declaration.importKind === 'type' };
    }
    const { imported, importKind } = specifier;
    return {
      local,
      imported: imported.type === 'Identifier' ? imported.name : imported.value,
      isType: importKind === 'type' || declaration.importKind === 'type',
    };
  });
}
