import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The cost of HTTP alone: reads the body and responds to `/2` with the third text. The first argument holds the
 * texts as JSON. Responses have the same headers as those of the service.
 */
const answers = JSON.parse(process.argv[2] ?? '[]') as readonly string[];

// Like the service, it keeps idle connections open while other candidates are measured.
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
