/** The part of the Bun API that this file uses. */
declare const Bun: {
  serve(options: {
    readonly hostname: string;
    readonly port: number;
    fetch(request: Request): Promise<Response>;
  }): { readonly port: number };
};

/** The same as `bare-handler.ts`, on Bun. */
const answers = JSON.parse(process.argv[2] ?? '[]') as readonly string[];

const { port } = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    await request.text();
    const answer = answers[Number(new URL(request.url).pathname.slice(1))] ?? '';
    return new Response(answer, {
      headers: { 'content-type': 'application/json', 'x-request-id': 'req_k8lKZADYlm00vRqD' },
    });
  },
});
console.log(`listens on http://127.0.0.1:${port}, and nothing else`);
