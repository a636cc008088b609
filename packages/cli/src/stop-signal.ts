const exitStatus = { SIGINT: 130, SIGTERM: 143 } as const;

type StopSignal = keyof typeof exitStatus;

/** npm forwards a Ctrl-C that the terminal has already sent to this process: not a second signal. */
const echoMs = 100;

/** Resolves to the first stop signal; a later one ends the process at once. */
export function nextStopSignal(): Promise<StopSignal> {
  let receivedAt: number | null = null;
  return new Promise((resolve) => {
    const onSignal = (signal: StopSignal) => {
      const now = performance.now();
      if (receivedAt !== null && now - receivedAt >= echoMs) process.exit(exitStatus[signal]);
      receivedAt ??= now;
      resolve(signal);
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
}
