const emulator = 'http://127.0.0.1:7071';
const port = 7072;

export default {
  // Playwright's own browser, or the one of the system.
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      args: process.env.CHROMIUM ? ['--no-sandbox'] : [],
    },
  },
  webServer: [
    { command: 'npx unkey emulate --port 7071 --seed ../unkey.seed.yaml', url: `${emulator}/health/ready` },
    {
      command: 'node app.mjs',
      url: `http://127.0.0.1:${port}/`,
      env: { UNKEY_URL: emulator, UNKEY_ROOT_KEY: 'unkey_emulator_root_key', PORT: String(port) },
    },
  ],
};
