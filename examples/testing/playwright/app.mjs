import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { Unkey } from 'unkey-ts';
import { unkey as door } from 'unkey-ts/hono';

const client = new Unkey({ rootKey: process.env.UNKEY_ROOT_KEY, serverURL: process.env.UNKEY_URL });
const page = `<!doctype html><input aria-label="Key"><button>Open</button><output></output>
<script>
  document.querySelector('button').onclick = async () => {
    const key = document.querySelector('input').value;
    const response = await fetch('/documents', { headers: { authorization: 'Bearer ' + key } });
    document.querySelector('output').textContent = response.ok ? await response.text() : 'Refused: ' + response.status;
  };
</script>`;

const app = new Hono();
app.get('/', (context) => context.html(page));
app.use('/documents', door({ unkey: client, permissions: 'documents.read' }));
app.get('/documents', (context) => context.text(`Documents of ${context.get('unkey').identity.externalId}`));
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) });
