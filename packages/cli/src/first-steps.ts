/** Where the root key of a first start is. */
export type FirstKey =
  | { readonly in: 'environment' }
  | { readonly in: 'output'; readonly rootKey: string }
  | { readonly in: 'file'; readonly path: string }
  /** It could not be written to a file. */
  | { readonly in: 'nowhere'; readonly reason: string };

/** Printed at a first start: where the root key that it created is. */
export function firstKeyText({ firstKey, place }: { firstKey: FirstKey; place: string }): string {
  return [
    'First start: a workspace was created.',
    ...keyLines(firstKey),
    '',
    `Everything is kept in ${place}`,
    '',
  ].join('\n');
}

function keyLines(firstKey: FirstKey): readonly string[] {
  switch (firstKey.in) {
    case 'environment':
      return ['Its root key is the one in UNKEY_ROOT_KEY.'];
    case 'output':
      return [
        'Its root key, which may do everything, is shown this once; keep it:',
        '',
        `  ${firstKey.rootKey}`,
      ];
    case 'file':
      return [
        'Its root key, which may do everything, is in a file that only its owner can read:',
        '',
        `  ${firstKey.path}`,
      ];
    case 'nowhere':
      return [
        `Its root key is lost, because it could not be written to a file: ${firstKey.reason}`,
        'Make another one with `unkey root-keys create --name first --permissions all`, and use it as UNKEY_ROOT_KEY.',
      ];
  }
}

/** Printed once a first start listens: three lines to paste into a shell, and next steps. */
export function firstStepsText({ url, firstKey }: { url: string; firstKey: FirstKey }): string {
  return [
    '',
    'Try it. Create an API, create a key, verify the key:',
    '',
    ...tryLines(url, inShell(firstKey)).map((line) => `  ${line}`),
    '',
    `What next: ${url}/openapi.yaml describes the API; \`unkey help\` lists the commands, such as`,
    '`unkey root-keys create` for a root key with fewer permissions, and `unkey backup FILE`.',
    '',
  ].join('\n');
}

/** What a shell replaces by the root key, within double quotes. */
function inShell(firstKey: FirstKey): string {
  if (firstKey.in === 'output') return firstKey.rootKey;
  if (firstKey.in === 'file') return `$(cat '${firstKey.path.replaceAll("'", `'\\''`)}')`;
  return '$UNKEY_ROOT_KEY';
}

/** For any POSIX shell with curl and sed. */
function tryLines(url: string, rootKey: string): readonly string[] {
  const call = (operation: string, body: string) =>
    `curl -s ${url}/v2/${operation} -H "Authorization: Bearer ${rootKey}" ` +
    `-H "Content-Type: application/json" -d ${body}`;
  const member = (name: string) => `sed 's/.*"${name}":"\\([^"]*\\)".*/\\1/'`;
  return [
    `API_ID=$(${call('apis.createApi', `'{"name":"first-api"}'`)} | ${member('apiId')})`,
    `KEY=$(${call('keys.createKey', `"{\\"apiId\\":\\"$API_ID\\"}"`)} | ${member('key')})`,
    call('keys.verifyKey', `"{\\"key\\":\\"$KEY\\"}"`),
  ];
}
