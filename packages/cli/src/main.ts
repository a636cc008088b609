#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { runCli } from './cli.ts';
import { installSourceMaps } from './stack-traces.ts';

installSourceMaps();

// `unkey audit list | head`: the reader may close the pipe early.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
  process.stderr.write(`unkey: Standard output cannot be written (${code}).\n`);
  process.exit(1);
});
// Nowhere is left to report it; the exit status still does.
process.stderr.on('error', () => {});

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  readInput: () => text(process.stdin),
  print: (output) => void process.stdout.write(output),
  printError: (output) => void process.stderr.write(output),
  isOutputTerminal: process.stdout.isTTY === true,
  isErrorTerminal: process.stderr.isTTY === true,
});
