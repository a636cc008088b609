/** Printed at a first start: the root key that it created. */
export function firstKeyText({ rootKey, place }: { rootKey: string | null; place: string }): string {
  const key =
    rootKey === null
      ? ['Its root key is the one in UNKEY_ROOT_KEY.']
      : ['Its root key, which may do everything, is shown this once; keep it:', '', `  ${rootKey}`];
  return ['First start: a workspace was created.', ...key, '', `Everything is kept in ${place}`, ''].join(
    '\n',
  );
}

/** Printed once a first start listens: three lines to paste into a shell, and next steps. */
export function firstStepsText({ url, rootKey }: { url: string; rootKey: string | null }): string {
  return [
    '',
    'Try it. Create an API, create a key, verify the key:',
    '',
    ...tryLines(url, rootKey).map((line) => `  ${line}`),
    '',
    `What next: ${url}/openapi.yaml describes the API; \`unkey help\` lists the commands, such as`,
    '`unkey root-keys create` for a root key with fewer permissions, and `unkey backup FILE`.',
    '',
  ].join('\n');
}

/** For any POSIX shell with curl and sed. */
function tryLines(url: string, rootKey: string | null): readonly string[] {
  const call = (operation: string, body: string) =>
    `curl -s ${url}/v2/${operation} -H "Authorization: Bearer ${rootKey ?? '$UNKEY_ROOT_KEY'}" ` +
    `-H "Content-Type: application/json" -d ${body}`;
  const member = (name: string) => `sed 's/.*"${name}":"\\([^"]*\\)".*/\\1/'`;
  return [
    `API_ID=$(${call('apis.createApi', `'{"name":"first-api"}'`)} | ${member('apiId')})`,
    `KEY=$(${call('keys.createKey', `"{\\"apiId\\":\\"$API_ID\\"}"`)} | ${member('key')})`,
    call('keys.verifyKey', `"{\\"key\\":\\"$KEY\\"}"`),
  ];
}
