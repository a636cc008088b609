import { execFile } from 'node:child_process';

/**
 * Runs a command and returns its standard output; rejects with all of its output if it fails. The command gets no variables of
 * the environment except those that locate programs.
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

/** Throws with the output unless its last line says that the program succeeded. */
export function mustBeDone(output) {
  if (output.trim().split('\n').at(-1) !== 'done') throw new Error(`It did not come to its end:\n${output}`);
}
