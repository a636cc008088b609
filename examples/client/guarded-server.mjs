import { once } from 'node:events';
import { createServer } from 'node:http';
import { UnkeyError } from 'unkey-ts';

/** Statuses for keys that are not valid; for all other codes: 401. */
const statuses = {
  INSUFFICIENT_PERMISSIONS: 403,
  RATE_LIMITED: 429,
  USAGE_EXCEEDED: 429,
};

/** Your web server: `GET /documents` needs a key with the permission `documents.read`. */
export async function startGuardedServer(unkey) {
  const server = createServer(async (request, response) => {
    const { status, body } = await respond(unkey, request).catch(refuseOutage);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => server.close().closeAllConnections(),
  };
}

async function respond(unkey, request) {
  const [, key] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (!key) return { status: 401, body: { error: 'A key is needed.' } };
  const { data } = await unkey.keys.verifyKey({ key, permissions: 'documents.read' });
  if (!data.valid) return { status: statuses[data.code] ?? 401, body: { error: data.code } };
  return { status: 200, body: { hello: data.identity?.externalId, creditsLeft: data.credits } };
}

/** A key that cannot be verified is refused. It is not the fault of the caller, so it is not a 401. */
function refuseOutage(error) {
  if (!(error instanceof UnkeyError)) throw error;
  console.error(`${error.name}: ${error.message} [${error.requestId}]`);
  return { status: 503, body: { error: 'Keys cannot be checked now.' } };
}
