import { execFile } from 'node:child_process';

/**
 * Runs a command to its end and gives its standard output; what fails says so with all of its output. Nothing of the
 * surrounding environment reaches it but what finds programs.
 */
export function execute(command, args, { cwd, env, timeoutMs = 60_000 } = {}) {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...plainEnvironment, ...env }, timeout: timeoutMs, maxBuffer: 2 ** 24 };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Error(
            `${error.killed ? `not done after ${timeoutMs} ms: ` : ''}${error.message}\n${stdout}${stderr}`,
          ),
        );
    });
  });
}

/** No UNKEY_… variable, and no NODE_OPTIONS. */
export const plainEnvironment = Object.fromEntries(
  ['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((name) =>
    process.env[name] ? [[name, process.env[name]]] : [],
  ),
);

/** Fails with the output unless the last line of it is the program's word that all is well. */
export function mustBeDone(output) {
  if (output.trim().split('\n').at(-1) !== 'done') throw new Error(`It did not come to its end:\n${output}`);
}
