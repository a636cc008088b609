#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { runCli } from './cli.ts';
import { installSourceMaps } from './stack-traces.ts';

installSourceMaps();

// `unkey audit list | head`: whoever reads may stop before the end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  readInput: () => text(process.stdin),
  print: (output) => void process.stdout.write(output),
  printError: (output) => void process.stderr.write(output),
  isErrorTerminal: process.stderr.isTTY === true,
});
