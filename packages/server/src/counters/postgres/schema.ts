/** Advisory lock held while the tables are created; the first number is shared by all locks of this service. */
const schemaLock = '1970170725, 3';

/** Windows, idempotency records with their claims, and live processes. */
const tables = `
CREATE UNLOGGED TABLE IF NOT EXISTS counter_windows (
  counter bytea PRIMARY KEY,
  sequence bigint NOT NULL,
  current bigint NOT NULL,
  previous bigint NOT NULL,
  expires_at bigint NOT NULL
) WITH (fillfactor = 50);
CREATE UNLOGGED TABLE IF NOT EXISTS counter_answers (
  name text COLLATE "C" PRIMARY KEY,
  mark text NOT NULL,
  answer text,
  expires_at bigint,
  kept_until timestamptz NOT NULL
);
CREATE UNLOGGED TABLE IF NOT EXISTS counter_processes (
  name text PRIMARY KEY,
  seen_at timestamptz NOT NULL
);`;

/**
 * The rule of domain/ratelimit/window.ts for the checks of several calls, one call after the other. Each argument has one
 * element for each check. `firsts` is the place of the first check of the same counter in the same call, from 1: it holds
 * what is charged to the counter. Returns what remains of each check (-1: it
 * did not pass) and when its window ends. All locks are taken before anything is read, in ascending order so that no two
 * calls deadlock. When this function changes, it gets a new name: processes of older versions may still call it.
 */
const consume = `
CREATE OR REPLACE FUNCTION unkey_take_2(
  locks bigint[], calls bigint[], counters bytea[], limits bigint[], durations bigint[], costs bigint[], nows bigint[],
  firsts int[]
) RETURNS bigint[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  total int := cardinality(counters);
  remaining bigint[] := array_fill(-1::bigint, ARRAY[total]);
  resets bigint[] := array_fill(0::bigint, ARRAY[total]);
  weights bigint[] := array_fill(0::bigint, ARRAY[total]);
  sequences bigint[] := array_fill(0::bigint, ARRAY[total]);
  currents bigint[] := array_fill(0::bigint, ARRAY[total]);
  previouses bigint[] := array_fill(0::bigint, ARRAY[total]);
  charges bigint[] := array_fill(0::bigint, ARRAY[total]);
  number bigint;
  first int := 1;
  last int;
  same int;
  passed boolean;
  stored counter_windows%ROWTYPE;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'default_transaction_isolation must be read committed';
  END IF;
  FOR number IN SELECT DISTINCT n FROM unnest(locks) n ORDER BY n LOOP
    PERFORM pg_advisory_xact_lock(number);
  END LOOP;

  WHILE first <= total LOOP
    last := first;
    WHILE last < total AND calls[last + 1] = calls[first] LOOP last := last + 1; END LOOP;
    passed := true;

    FOR i IN first..last LOOP
      same := firsts[i];
      IF same = i THEN
        sequences[i] := nows[i] / durations[i];
        SELECT * INTO stored FROM counter_windows WHERE counter = counters[i];
        IF FOUND AND stored.sequence >= sequences[i] THEN
          sequences[i] := stored.sequence;
          currents[i] := stored.current;
          previouses[i] := stored.previous;
        ELSIF FOUND AND stored.sequence = sequences[i] - 1 THEN
          previouses[i] := stored.current;
        END IF;
        weights[i] := currents[i] + floor(previouses[i]::float8 * (1 -
          greatest(0, nows[i] - sequences[i] * durations[i])::float8 / durations[i]::float8))::bigint;
      END IF;
      resets[i] := (sequences[same] + 1) * durations[i];
      remaining[i] := limits[i] - weights[same] - charges[same] - costs[i];
      IF remaining[i] >= 0 THEN
        charges[same] := charges[same] + costs[i];
      ELSE
        remaining[i] := -1;
        passed := false;
      END IF;
    END LOOP;

    FOR i IN first..last LOOP
      IF NOT passed THEN
        same := firsts[i];
        IF remaining[i] >= 0 THEN remaining[i] := limits[i] - weights[same]; END IF;
      ELSIF charges[i] > 0 THEN
        INSERT INTO counter_windows AS windows VALUES (counters[i], sequences[i], currents[i] + charges[i],
          previouses[i], (sequences[i] + 2) * durations[i])
        ON CONFLICT (counter) DO UPDATE SET sequence = excluded.sequence, current = excluded.current,
          previous = excluded.previous, expires_at = excluded.expires_at;
      END IF;
    END LOOP;
    first := last + 1;
  END LOOP;
  RETURN remaining || resets;
END $$;`;

/** Registers a process as alive, by the clock of the database; returns the number of live processes. */
const heartbeat = `
CREATE OR REPLACE FUNCTION unkey_heartbeat_1(process text, silence interval) RETURNS int LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO counter_processes VALUES (process, clock_timestamp())
  ON CONFLICT (name) DO UPDATE SET seen_at = clock_timestamp();
  DELETE FROM counter_processes WHERE name IN (
    SELECT name FROM counter_processes WHERE seen_at < clock_timestamp() - silence FOR UPDATE SKIP LOCKED
  );
  RETURN (SELECT count(*) FROM counter_processes);
END $$;`;

/** One query string is one transaction: any number of processes may run it at once. */
export const schema = `SELECT pg_advisory_xact_lock(${schemaLock}); ${tables} ${consume} ${heartbeat}`;
