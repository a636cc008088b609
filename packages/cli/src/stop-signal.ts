const exitStatus = { SIGINT: 130, SIGTERM: 143 } as const;

type StopSignal = keyof typeof exitStatus;

/** npm passes on a Ctrl-C that the terminal has sent to this process already: that is not a second one. */
const echoMs = 100;

/** The first signal to stop; from then on another one ends the process at once. */
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
