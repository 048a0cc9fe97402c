-- +goose Up

-- Who may do what. An administrator gives these roles to the users that log in:
--
--     CREATE ROLE gateway LOGIN PASSWORD '...' IN ROLE harkara_writer;
--
-- harkara_writer  a gateway: it adds facts and never changes them, but for what shredding takes out
-- harkara_reader  compliance staff and reports: views without digests and sealed numbers, and what is counted of them
-- harkara_reveal  harkara.reveal alone, which notes every use
--
-- Roles are of the whole cluster; several databases of it share them. Whoever owns the schema may do everything: it is
-- the user that migrates.

-- What receipts found no message; where one is found later, they are in v_receipt with it.
CREATE VIEW harkara.v_unmatched AS
SELECT smsc, message_id, raw_id, state, stat, err, reason, done, received_at FROM harkara.receipt_early;

-- The keys of the messages to a number, by the digests that it has (see harkara report messages --to): who has the
-- digests finds the messages, and nobody can read digests here. Dynamic, so that it is planned for the bounds it is given.
-- +goose StatementBegin
CREATE FUNCTION harkara.keys_of_number(digests bytea[], low uuid, high uuid) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE 'SELECT key FROM harkara.message WHERE to_digest = ANY($1) AND key >= $2 AND key < $3'
        USING digests, low, high;
END $$;
-- +goose StatementEnd

-- The sealed number of a request, or of several with that id; null where it was shredded. Whoever has the vault's keys
-- can open it. Every use is a row of privacy_log, and a line of the server's log, which stays even where the transaction
-- is rolled back.
-- +goose StatementBegin
CREATE FUNCTION harkara.reveal(tenant text, id text, who text, why text)
RETURNS TABLE (key uuid, requested_at timestamptz, to_sealed bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF coalesce(btrim(reveal.who), '') = '' OR coalesce(btrim(reveal.why), '') = '' THEN
        RAISE EXCEPTION 'say who reveals a number, and why' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RAISE LOG 'harkara.reveal: % (%) reveals the number of request % of %', reveal.who, session_user, reveal.id, reveal.tenant;
    INSERT INTO harkara.privacy_log (action, tenant, detail, who, why)
    VALUES ('reveal', reveal.tenant, 'request ' || reveal.id || ', by the database user ' || session_user, reveal.who, reveal.why);
    RETURN QUERY SELECT m.key, m.requested_at, m.to_sealed FROM harkara.message m
        WHERE m.tenant = reveal.tenant AND m.id = reveal.id ORDER BY m.key;
END $$;
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION harkara.make_day, harkara.roll_day, harkara.drop_day, harkara.drop_strays, harkara.check_drop,
    harkara.keys_of_number, harkara.reveal FROM PUBLIC;

-- Makes the roles that are missing, where the user may, and gives each what it needs; it returns those that are missing
-- still. A migration that adds a table or a view calls it again.
-- +goose StatementBegin
CREATE FUNCTION harkara.ensure_roles() RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    r text;
    t record;
BEGIN
    PERFORM pg_advisory_xact_lock(x'6861726B00000003'::bigint);
    FOREACH r IN ARRAY ARRAY['harkara_writer', 'harkara_reader', 'harkara_reveal'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', r);
            EXCEPTION
                WHEN insufficient_privilege THEN
                    RETURN NEXT r;
                    CONTINUE;
                WHEN duplicate_object OR unique_violation THEN
                    NULL; -- in this moment, for another database
            END;
        END IF;
        CONTINUE WHEN NOT pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = 'harkara'), 'USAGE');
        EXECUTE format('GRANT USAGE ON SCHEMA harkara TO %I', r);
        IF r = 'harkara_reveal' THEN
            GRANT EXECUTE ON FUNCTION harkara.reveal TO harkara_reveal;
        ELSIF r = 'harkara_reader' THEN
            -- all columns of v_message but the digest
            EXECUTE (SELECT format('GRANT SELECT (%s) ON harkara.v_message TO harkara_reader', string_agg(quote_ident(attname), ', '))
                     FROM pg_attribute WHERE attrelid = 'harkara.v_message'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'to_digest');
            FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'harkara'::regnamespace AND relkind = 'v' AND relname LIKE 'v\_%'
                     AND relname <> 'v_message' LOOP
                EXECUTE format('GRANT SELECT ON harkara.%I TO harkara_reader', t.relname);
            END LOOP;
            -- tables that hold nothing of any one message
            GRANT SELECT ON harkara.dlt_failure, harkara.quarantine, harkara.last_use, harkara.feedback, harkara.projection,
                harkara.checkpoint TO harkara_reader;
            GRANT SELECT ON harkara.register_version, harkara.register_row, harkara.register_import TO harkara_reader;
            GRANT EXECUTE ON FUNCTION harkara.keys_of_number TO harkara_reader;
        ELSE
            FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'harkara'::regnamespace AND relkind IN ('r', 'p', 'v')
                     AND (NOT relispartition OR relname LIKE '%\_default') LOOP
                EXECUTE format('GRANT SELECT ON harkara.%I TO harkara_writer', t.relname);
            END LOOP;
            FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'harkara'::regnamespace AND relkind IN ('r', 'p')
                     AND NOT relispartition LOOP
                EXECUTE format('GRANT INSERT ON harkara.%I TO harkara_writer', t.relname);
            END LOOP;
            GRANT UPDATE (to_last4, to_digest, to_sealed, text_digest) ON harkara.message TO harkara_writer;
            GRANT UPDATE ON harkara.projection, harkara.tally, harkara.billing, harkara.feedback, harkara.last_use, harkara.dlt_failure,
                harkara.quarantine, harkara.quarantine_run, harkara.register_version, harkara.data_key, harkara.checkpoint TO harkara_writer;
            GRANT DELETE ON harkara.receipt_early, harkara.quarantine_run, harkara.checkpoint TO harkara_writer;
            GRANT EXECUTE ON FUNCTION harkara.make_day, harkara.drop_day, harkara.drop_strays, harkara.keys_of_number, harkara.reveal TO harkara_writer;
            GRANT SELECT ON public.harkara_migrations TO harkara_writer;
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE missing text;
BEGIN
    SELECT string_agg('CREATE ROLE ' || r || ' NOLOGIN;', ' ') INTO missing FROM harkara.ensure_roles() r;
    IF missing IS NOT NULL THEN
        RAISE WARNING 'this user may not create roles; an administrator is to run: %', missing;
    END IF;
END $$;
-- +goose StatementEnd

-- +goose Down

-- The roles stay: other databases of the cluster may use them.
-- +goose StatementBegin
DO $$
DECLARE r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['harkara_writer', 'harkara_reader', 'harkara_reveal'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
            EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA harkara FROM %I; REVOKE ALL ON ALL FUNCTIONS IN SCHEMA harkara FROM %I;
                REVOKE ALL ON SCHEMA harkara FROM %I; REVOKE ALL ON public.harkara_migrations FROM %I', r, r, r, r);
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd
DROP FUNCTION harkara.ensure_roles, harkara.reveal, harkara.keys_of_number;
DROP VIEW harkara.v_unmatched;
