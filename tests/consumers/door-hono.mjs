import { protect } from 'unkey-ts/hono';
import { unkey } from './door-double.mjs';

/** A Hono application behind a door. */
export function honoApp(Hono) {
  const app = new Hono();
  app.use(protect({ unkey }));
  app.get('/json', (c) => c.json({ hello: c.var.unkey.keyId }));
  app.get('/text', (c) => c.text('hello'));
  app.get('/raw', () => new Response('hello'));
  app.get('/redirect', (c) => c.redirect('/text'));
  app.get('/stream', (c) => c.body(new Blob(['hello']).stream()));
  return app;
}
