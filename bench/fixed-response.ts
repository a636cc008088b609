import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Runs in a process of its own, so that it uses no CPU time of the client: reads each request and sends the same
 * response, like that of a verification.
 */
const answer = JSON.stringify({
  meta: { requestId: 'req_2c9a0jf23l4k567' },
  data: {
    valid: true,
    code: 'VALID',
    keyId: 'key_8qN2hVr4w',
    name: 'Production',
    enabled: true,
    meta: { plan: 'pro', region: 'eu-central' },
    permissions: ['documents.read', 'documents.write'],
    roles: ['editor'],
    credits: 9_999,
    identity: { id: 'id_4Jd8sPq1', externalId: 'user_1', meta: {}, ratelimits: [] },
    ratelimits: [
      {
        id: 'rl_1',
        name: 'requests',
        limit: 1000,
        duration: 60_000,
        reset: 1_760_000_000_000,
        remaining: 999,
        exceeded: false,
        autoApply: true,
      },
    ],
  },
});

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'x-request-id': 'req_2c9a0jf23l4k567',
        'content-length': Buffer.byteLength(answer),
      })
      .end(answer);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
