import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What HTTP alone costs: reads the body, and answers `/2` with the third text. The texts are JSON in the first
 * argument. The answer has the headers that an answer of the service has.
 */
const answers = JSON.parse(process.argv[2] ?? '[]') as readonly string[];

// As the service, it keeps connections that rest while others are measured.
const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    Buffer.concat(chunks).toString();
    const answer = answers[Number(request.url?.slice(1))] ?? '';
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'x-request-id': 'req_k8lKZADYlm00vRqD',
        'content-length': Buffer.byteLength(answer),
      })
      .end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}, and nothing else`);
});
