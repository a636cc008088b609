// Runs in the browser. The component asks nobody but this service: its validator is elsewhere, and off.
const dark = matchMedia('(prefers-color-scheme: dark)');
const followColors = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followColors);
followColors();

globalThis.SwaggerUIBundle({
  domNode: document.querySelector('#reference'),
  // Relative, for services behind a path of another host.
  url: '../openapi.json',
  validatorUrl: null,
  deepLinking: true,
  filter: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
});
