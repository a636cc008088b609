-- The first released schema, with a row of each kind that matters. It never changes: databases like this exist.
CREATE TABLE workspaces (
  id text COLLATE "C" PRIMARY KEY, name text COLLATE "C" NOT NULL, is_enabled smallint NOT NULL, requests_per_minute bigint,
  wrapped_data_key text COLLATE "C", created_at bigint NOT NULL
);
CREATE TABLE root_keys (
  id text COLLATE "C" PRIMARY KEY, workspace_id text COLLATE "C" NOT NULL, hash text COLLATE "C" NOT NULL UNIQUE, start text COLLATE "C" NOT NULL,
  name text COLLATE "C", is_enabled smallint NOT NULL, expires_at bigint, created_at bigint NOT NULL, deleted_at bigint
);
CREATE TABLE root_key_permissions (
  root_key_id text COLLATE "C" NOT NULL, permission text COLLATE "C" NOT NULL, PRIMARY KEY (root_key_id, permission)
);
CREATE TABLE apis (
  id text COLLATE "C" PRIMARY KEY, workspace_id text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL,
  keyspace_id text COLLATE "C" NOT NULL UNIQUE, allowed_ips text COLLATE "C", is_protected smallint NOT NULL,
  default_prefix text COLLATE "C", default_byte_length bigint, created_at bigint NOT NULL, deleted_at bigint
);
CREATE TABLE identities (
  id text COLLATE "C" PRIMARY KEY, workspace_id text COLLATE "C" NOT NULL, external_id text COLLATE "C" NOT NULL, meta text COLLATE "C",
  created_at bigint NOT NULL, updated_at bigint, deleted_at bigint
);
CREATE UNIQUE INDEX identities_live ON identities (workspace_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX identities_page ON identities (workspace_id, id);
CREATE TABLE keys (
  id text COLLATE "C" PRIMARY KEY, workspace_id text COLLATE "C" NOT NULL, api_id text COLLATE "C" NOT NULL, hash text COLLATE "C" NOT NULL UNIQUE,
  start text COLLATE "C" NOT NULL, prefix text COLLATE "C", byte_length bigint NOT NULL, name text COLLATE "C", identity_id text COLLATE "C",
  meta text COLLATE "C", is_enabled smallint NOT NULL, expires_at bigint, created_at bigint NOT NULL, updated_at bigint,
  last_used_at bigint, deleted_at bigint, pending_migration_id text COLLATE "C", ciphertext text COLLATE "C",
  credits_remaining bigint CHECK (credits_remaining >= 0), refill_amount bigint, refill_day bigint,
  last_refill_at bigint, next_refill_at bigint
) WITH (fillfactor = 80);
CREATE INDEX keys_page ON keys (api_id, id);
CREATE INDEX keys_identity ON keys (identity_id) WHERE identity_id IS NOT NULL;
CREATE INDEX keys_refill ON keys (next_refill_at) WHERE next_refill_at IS NOT NULL;
CREATE TABLE ratelimits (
  id text COLLATE "C" PRIMARY KEY, workspace_id text COLLATE "C" NOT NULL, owner_id text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL,
  "limit" bigint NOT NULL, duration_ms bigint NOT NULL, is_auto_applied smallint NOT NULL,
  UNIQUE (owner_id, name)
);
CREATE TABLE permissions (
  id text COLLATE "C" PRIMARY KEY, workspace_id text COLLATE "C" NOT NULL, slug text COLLATE "C" NOT NULL, slug_folded text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL, description text COLLATE "C", created_at bigint NOT NULL, UNIQUE (workspace_id, slug_folded)
);
CREATE INDEX permissions_page ON permissions (workspace_id, id);
CREATE TABLE roles (
  id text COLLATE "C" PRIMARY KEY, workspace_id text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, name_folded text COLLATE "C" NOT NULL,
  description text COLLATE "C", created_at bigint NOT NULL, UNIQUE (workspace_id, name_folded)
);
CREATE INDEX roles_page ON roles (workspace_id, id);
CREATE TABLE role_permissions (
  role_id text COLLATE "C" NOT NULL, permission_id text COLLATE "C" NOT NULL, PRIMARY KEY (role_id, permission_id)
);
CREATE INDEX role_permissions_permission ON role_permissions (permission_id);
CREATE TABLE key_permissions (
  key_id text COLLATE "C" NOT NULL, permission_id text COLLATE "C" NOT NULL, PRIMARY KEY (key_id, permission_id)
);
CREATE INDEX key_permissions_permission ON key_permissions (permission_id);
CREATE TABLE key_roles (
  key_id text COLLATE "C" NOT NULL, role_id text COLLATE "C" NOT NULL, PRIMARY KEY (key_id, role_id)
);
CREATE INDEX key_roles_role ON key_roles (role_id);
CREATE TABLE namespaces (
  id text COLLATE "C" PRIMARY KEY, workspace_id text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, created_at bigint NOT NULL,
  deleted_at bigint, UNIQUE (workspace_id, name)
);
CREATE TABLE overrides (
  id text COLLATE "C" PRIMARY KEY, workspace_id text COLLATE "C" NOT NULL, namespace_id text COLLATE "C" NOT NULL,
  identifier text COLLATE "C" NOT NULL, "limit" bigint NOT NULL, duration_ms bigint NOT NULL, created_at bigint NOT NULL,
  deleted_at bigint, UNIQUE (namespace_id, identifier)
);
CREATE TABLE migrations (
  id text COLLATE "C" PRIMARY KEY, workspace_id text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, algorithm text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL
);
CREATE TABLE audit_log (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text COLLATE "C" NOT NULL, workspace_id text COLLATE "C" NOT NULL,
  event text COLLATE "C" NOT NULL, at bigint NOT NULL, actor_type text COLLATE "C" NOT NULL, actor_id text COLLATE "C" NOT NULL,
  actor_name text COLLATE "C" NOT NULL, display text COLLATE "C" NOT NULL, remote_ip text COLLATE "C", user_agent text COLLATE "C",
  resources text COLLATE "C" NOT NULL, correlation_id text COLLATE "C"
);
CREATE INDEX audit_log_at ON audit_log (at);
CREATE TABLE kept_answers (
  workspace_id text COLLATE "C" NOT NULL, operation text COLLATE "C" NOT NULL, key_hash text COLLATE "C" NOT NULL,
  fingerprint text COLLATE "C" NOT NULL, answer text COLLATE "C" NOT NULL, expires_at bigint NOT NULL,
  PRIMARY KEY (workspace_id, operation, key_hash)
);
CREATE INDEX kept_answers_expiry ON kept_answers (expires_at);

CREATE TABLE verification_events (
  at bigint NOT NULL, request_id text COLLATE "C" NOT NULL, workspace_id text COLLATE "C" NOT NULL, api_id text COLLATE "C" NOT NULL,
  key_id text COLLATE "C" NOT NULL, identity_id text COLLATE "C", external_id text COLLATE "C", outcome text COLLATE "C" NOT NULL, tags text COLLATE "C" NOT NULL,
  spent_credits bigint NOT NULL, latency_ms double precision NOT NULL
);
CREATE INDEX verification_events_by_time ON verification_events (workspace_id, at);
CREATE TABLE ratelimit_events (
  at bigint NOT NULL, request_id text COLLATE "C" NOT NULL, workspace_id text COLLATE "C" NOT NULL, namespace_id text COLLATE "C" NOT NULL,
  identifier text COLLATE "C" NOT NULL, passed smallint NOT NULL, limit_value bigint NOT NULL, remaining bigint NOT NULL,
  cost bigint NOT NULL, override_id text COLLATE "C", latency_ms double precision NOT NULL
);
CREATE INDEX ratelimit_events_by_time ON ratelimit_events (workspace_id, at);

-- Under "C" only ASCII has case: this folds all of Unicode.
CREATE FUNCTION fold_case(folded text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT lower(folded COLLATE "und-x-icu") COLLATE "C" $$;

-- Spends one after the other, each all or nothing; a large one that is refused does not keep a later small one from
-- its credits. The row is held first: what is read then is what is stored until the end. No row, or no number of
-- credits: nothing is counted.
CREATE FUNCTION spend_credits(of_workspace_id text, of_key_id text, costs bigint[])
  RETURNS TABLE (is_spent boolean, remaining bigint) LANGUAGE plpgsql AS $$
  DECLARE
    cost bigint;
    is_changed boolean := false;
  BEGIN
    SELECT credits_remaining INTO remaining FROM keys
      WHERE workspace_id = of_workspace_id AND id = of_key_id FOR UPDATE;
    FOREACH cost IN ARRAY costs LOOP
      is_spent := remaining IS NULL OR remaining >= cost;
      IF is_spent AND cost > 0 AND remaining IS NOT NULL THEN
        remaining := remaining - cost;
        is_changed := true;
      END IF;
      RETURN NEXT;
    END LOOP;
    IF is_changed THEN
      UPDATE keys SET credits_remaining = remaining WHERE id = of_key_id;
    END IF;
  END $$;

INSERT INTO workspaces VALUES ('ws_1', 'One', 1, NULL, NULL, 1);
INSERT INTO apis VALUES ('api_1', 'ws_1', 'Shop', 'ks_1', NULL, 0, NULL, NULL, 1, NULL);
INSERT INTO keys (id, workspace_id, api_id, hash, start, byte_length, name, is_enabled, created_at, credits_remaining)
  VALUES ('key_1', 'ws_1', 'api_1', 'hash-of-key_1', 'abcd', 16, 'Laptop', 1, 1, 7);
INSERT INTO kept_answers VALUES ('ws_1', 'keys.createKey', 'hash-of-key', 'who-and-what', 'sealed', 2);
CREATE TABLE schema_version (version integer NOT NULL);
INSERT INTO schema_version VALUES (1);
