/** The figures of a background job in `/metrics`. */
export interface JobStats {
  readonly name: string;
  readonly isRunning: boolean;
  /** Rows processed since the start of the process. */
  readonly rows: number;
  /** Rows that the current or the last run still had to process; null: unknown. */
  readonly dueRows: number | null;
  /** When the last run ended without a failure, in Unix milliseconds; null: not yet. */
  readonly lastSuccessAt: number | null;
  readonly lastDurationMs: number | null;
  readonly failures: number;
}
