import { describe, expect, test } from 'vitest';
import { families } from './modules.ts';
import { moveProgram } from './move.ts';

const all = families.map(({ name }) => name);

function move(text: string, path = 'app.ts') {
  const { changed, families: outcomes, unreadable } = moveProgram([{ path, text }], all);
  const [outcome] = outcomes;
  return {
    text: changed[0]?.text ?? text,
    to: outcome?.to,
    reasons: outcomes.flatMap(({ obstacles }) => obstacles).map((remark) => remark.text),
    notes: outcomes.flatMap(({ notes }) => notes).map((remark) => remark.text),
    unreadable,
  };
}

describe('a program is moved to the names of unkey-ts', () => {
  test.each([
    ['a plain client', `import { Unkey } from '@unkey/api';`, ``],
    [
      'an unused import goes, a used one stays',
      `import { Unkey } from '@unkey/api';\nimport type { KeyResponseData } from '@unkey/api/models/components';\nconst unkey = new Unkey({ rootKey });\n`,
      `import { Unkey } from 'unkey-ts';\nconst unkey = new Unkey({ rootKey });\n`,
    ],
    [
      'a name of its own stays',
      `import { Unkey as Client } from "@unkey/api";\nconst unkey = new Client();`,
      `import { Unkey as Client } from 'unkey-ts';\nconst unkey = new Client();`,
    ],
    [
      'a new name that is taken is not used',
      `import type { KeyResponseData } from '@unkey/api/models/components';\ninterface Key {}\nlet key: KeyResponseData;`,
      `import type { Key as KeyResponseData } from 'unkey-ts';\ninterface Key {}\nlet key: KeyResponseData;`,
    ],
    [
      'a namespace stays one',
      `import * as errors from '@unkey/api/models/errors';\nif (error instanceof errors.NotFoundErrorResponse) stop();`,
      `import * as errors from 'unkey-ts';\nif (error instanceof errors.NotFoundErrorResponse) stop();`,
    ],
    [
      'values of tables, also as keys',
      `import { Code } from '@unkey/api/models/components';\nconst texts = { [Code.Valid]: 1 };\nif (code === Code.RateLimited) wait();`,
      `const texts = { VALID: 1 };\nif (code === 'RATE_LIMITED') wait();`,
    ],
    [
      'retries',
      `import { Unkey } from '@unkey/api';\nnew Unkey({ retryConfig: { strategy: 'none' }, userAgent: 'a/1' });`,
      `import { Unkey } from 'unkey-ts';\nnew Unkey({ retry: false, headers: { 'user-agent': 'a/1' } });`,
    ],
    [
      'loops over pages',
      `import { Unkey } from '@unkey/api';\nfor await (const page of await new Unkey().apis.listKeys({ apiId })) read(page.result);`,
      `import { Unkey } from 'unkey-ts';\nfor await (const page of new Unkey().apis.listKeys({ apiId }).pages()) read(page.result);`,
    ],
    [
      'functions',
      `import { UnkeyCore } from '@unkey/api/core.js';\nimport { keysVerifyKey } from '@unkey/api/funcs/keysVerifyKey.js';\nconst result = await keysVerifyKey(core, { key });`,
      `const result = await core.request('keys.verifyKey', { key }).safe();`,
    ],
    [
      'limits of keys, but not those of verifications',
      `import { Unkey } from '@unkey/api';\nawait new Unkey().keys.updateKey({ keyId, ratelimits: [{ name: 'a', limit: 1, duration: 1000 }] });\nawait unkey.keys.verifyKey({ key, ratelimits: [{ name: 'a', limit: 1, duration: 1000 }] });`,
      `import { Unkey } from 'unkey-ts';\nawait new Unkey().keys.updateKey({ keyId, ratelimits: [{ name: 'a', limit: 1, duration: 1000, autoApply: false }] });\nawait unkey.keys.verifyKey({ key, ratelimits: [{ name: 'a', limit: 1, duration: 1000 }] });`,
    ],
    [
      'a limiter without a timeout',
      `import { Ratelimit } from '@unkey/ratelimit';\nnew Ratelimit({ rootKey, baseUrl, namespace, limit, duration });`,
      `import { Ratelimit } from 'unkey-ts/ratelimit';\nnew Ratelimit({ timeoutMs: 5000, fallback: { success: false, limit: 0 }, rootKey, serverURL: baseUrl, namespace, limit, duration });`,
    ],
  ])('%s', (_, before, after) => {
    const moved = move(before);
    expect(moved.reasons).toEqual([]);
    expect(moved.text).toBe(after);
    expect(moved.to).not.toContain('compat');
  });
});

describe('a program keeps its names where they would mean something else', () => {
  test.each([
    [
      'a client of its own',
      `import { HTTPClient, Unkey } from '@unkey/api';\nnew Unkey({ httpClient: new HTTPClient() });`,
    ],
    [
      'a general class',
      `import { APIError } from '@unkey/api/models/errors';\nif (e instanceof APIError) stop();`,
    ],
    [
      'metadata',
      `import { Unkey } from '@unkey/api';\nconst { data } = await new Unkey().keys.getKey({ keyId });\nprint(data.meta.plan);`,
    ],
    [
      'a name that is declared again',
      `import { Unkey } from '@unkey/api';\nfunction make(Unkey: unknown) {}`,
    ],
    [
      'a literal of a response',
      `import type { Role } from '@unkey/api/models/components';\nconst role: Role = { name: 'a' };`,
    ],
    [
      'a loop over a page from a variable',
      `import { Unkey } from '@unkey/api';\nconst first = await new Unkey().apis.listKeys({ apiId });\nfor await (const page of first) read(page);`,
    ],
    ['a re-export', `export { Unkey } from '@unkey/api';`],
    ['a module that is required', `const { Unkey } = require('@unkey/api');`],
    ['a module that is loaded later', `const { Unkey } = await import('@unkey/api');`],
    ['a mock', `import { Unkey } from '@unkey/api';\nvi.mock('@unkey/api');`],
    ['a type of a module', `type Client = import('@unkey/api').Unkey;`],
    [
      'what a limiter does with errors',
      `import { Ratelimit } from '@unkey/ratelimit';\nnew Ratelimit({ onError: () => denied });`,
    ],
    ['an override', `import { Overrides } from '@unkey/ratelimit';`],
    ['a door', `import { unkey } from '@unkey/hono';\napp.use(unkey({ rootKey }));`],
  ])('%s', (_, before) => {
    const moved = move(before);
    expect(moved.reasons).not.toEqual([]);
    expect(moved.to).toContain('compat');
    expect(moved.text).toBe(before.replaceAll('@unkey/', 'unkey-ts/compat/'));
  });

  test('in all files, because clients are passed from file to file', () => {
    const files = [
      { path: 'a.ts', text: `import { Unkey } from '@unkey/api';\nnew Unkey({ serverIdx: 0 });` },
      {
        path: 'b.ts',
        text: `import type { Unkey } from '@unkey/api';\nexport const use = (unkey: Unkey) => unkey;`,
      },
    ];
    const { changed } = moveProgram(files, all);
    expect(changed.map(({ text }) => text.split('\n')[0])).toEqual([
      `import { Unkey } from 'unkey-ts/compat/api';`,
      `import type { Unkey } from 'unkey-ts/compat/api';`,
    ]);
  });
});

describe('a file is left as it is', () => {
  test.each([
    [
      'with operations that are not there',
      `import { Unkey } from '@unkey/api';\nawait new Unkey().portal.createSession({});`,
    ],
    ['with functions that are not there', `import { metaFromJSON } from '@unkey/api/models/components';`],
    ['with a module that is not there', `import { x } from '@unkey/api/funcs/portalCreateSession.js';`],
    ['without these packages', `import { unkey } from './unkey.ts';\nconst name = '@unkey/apis';`],
  ])('%s', (name, text) => {
    const moved = move(text);
    expect(moved.text).toBe(text);
    expect(moved.reasons.length > 0).toBe(name !== 'without these packages');
  });

  test('that is not a program, and is named', () => {
    const { text, unreadable } = move(`import { Unkey } from '@unkey/api';\nconst = ;`);
    expect(text).toContain("'@unkey/api'");
    expect(unreadable).toMatchObject([{ path: 'app.ts', line: 2 }]);
  });
});

test.each([
  [
    'app.tsx',
    `import { Unkey } from '@unkey/api';\nexport const Page = () => <a href={new Unkey().x}>{1}</a>;`,
  ],
  ['app.jsx', `import { Unkey } from '@unkey/api';\nexport const Page = () => <a>{new Unkey().x}</a>;`],
  ['app.cts', `import { Unkey } from '@unkey/api';\nconst a = <object>new Unkey();`],
  ['app.mjs', `#!/usr/bin/env node\nimport { Unkey } from '@unkey/api';\nawait using a = new Unkey();`],
  ['crlf.ts', `import { Unkey } from '@unkey/api';\r\nnew Unkey();\r\n`],
])('%s is read as what it is', (path, text) => {
  const moved = move(text, path);
  expect(moved.unreadable).toEqual([]);
  expect(moved.text).toBe(text.replace('@unkey/api', 'unkey-ts'));
});

test('only the wanted packages are moved, and a program that was moved stays', () => {
  const text = `import { Unkey } from '@unkey/api';\nimport { unkey } from '@unkey/hono';\nnew Unkey();`;
  const { changed } = moveProgram([{ path: 'a.ts', text }], ['@unkey/api']);
  expect(changed[0]?.text).toContain("'@unkey/hono'");
  expect(moveProgram(changed, ['@unkey/api']).changed).toEqual([]);
});

test('a program with the names of compat is moved on when it can be', () => {
  const moved = move(`import { Unkey } from 'unkey-ts/compat/api';\nnew Unkey({ timeoutMs: 1 });`);
  expect(moved.text).toBe(`import { Unkey } from 'unkey-ts';\nnew Unkey({ timeoutMs: 1 });`);
  expect(moved.notes).toHaveLength(1);
});
