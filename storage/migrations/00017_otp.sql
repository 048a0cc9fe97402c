-- +goose Up

-- What happened to the challenges of the OTP service, one row an event; never a code, and no number but its last four
-- digits. key begins with the time of the event, so that rows lie in its day. requested_at is when the challenge was asked
-- for.
CREATE TABLE harkara.otp_event (
    key          uuid PRIMARY KEY,
    fact         bigint NOT NULL,
    at           timestamptz NOT NULL,
    requested_at timestamptz NOT NULL,
    send         integer,
    tries_left   integer,
    retry_after  integer, -- seconds
    dry_run      boolean NOT NULL,
    tenant       text NOT NULL,
    event        text NOT NULL,
    challenge    text NOT NULL, -- empty: a request was blocked
    purpose      text NOT NULL,
    template     text NOT NULL,
    to_last4     text NOT NULL,
    smsc         text, -- test: the number is for tests, and nothing was sent
    route        text,
    reason       text
) PARTITION BY RANGE (key);
CREATE TABLE harkara.otp_event_default PARTITION OF harkara.otp_event DEFAULT;
-- v_otp_event: what became of one challenge, when a person complains
CREATE INDEX otp_event_challenge ON harkara.otp_event (challenge) WHERE challenge <> '';

CREATE OR REPLACE FUNCTION harkara.day_tables() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ARRAY['message', 'transition', 'attempt', 'answer', 'receipt', 'receipt_early', 'otp_event'] $$;
SELECT harkara.make_day('otp_event', day::date)
FROM generate_series((now() AT TIME ZONE 'Asia/Kolkata')::date, (now() AT TIME ZONE 'Asia/Kolkata')::date + 3, interval '1 day') AS day;

-- Counts of those events, kept by the projection as tally is. hour is the hour of requested_at in India; where messages of
-- that day are gone, the first of its day. route is the SMSC of the event; empty: none, as of requested.
-- first_sent is sent of a challenge's first send, once more. bucket is how long a verified one took from its request: see storage.Bucket; 0 for the others. would_block is what a
-- limit that is on trial has let through. Sorted by octets, as storage.VerifyTables compares.
CREATE TABLE harkara.otp_tally (
    hour     timestamptz NOT NULL,
    tenant   text COLLATE "C" NOT NULL,
    purpose  text COLLATE "C" NOT NULL,
    template text COLLATE "C" NOT NULL,
    route    text COLLATE "C" NOT NULL,
    event    text COLLATE "C" NOT NULL,
    bucket   smallint NOT NULL,
    events   bigint NOT NULL,
    PRIMARY KEY (hour, tenant, purpose, template, route, event, bucket)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- Adds the hours of a day, in tally, billing and otp_tally, to its first.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION harkara.roll_day(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first timestamptz := harkara.day_start(day);
    next  timestamptz := harkara.day_start(day + 1);
BEGIN
    WITH gone AS (DELETE FROM harkara.tally WHERE hour > first AND hour < next RETURNING *)
    INSERT INTO harkara.tally AS t SELECT first, dim, outcome, bucket, sum(messages), sum(segments) FROM gone GROUP BY 2, 3, 4
    ON CONFLICT (hour, dim, outcome, bucket) DO UPDATE
    SET messages = t.messages + excluded.messages, segments = t.segments + excluded.segments;
    WITH gone AS (DELETE FROM harkara.billing WHERE hour > first AND hour < next RETURNING *)
    INSERT INTO harkara.billing AS b SELECT first, dim, possible_duplicate, sum(accepted), sum(in_doubt) FROM gone GROUP BY 2, 3
    ON CONFLICT (hour, dim, possible_duplicate) DO UPDATE
    SET accepted = b.accepted + excluded.accepted, in_doubt = b.in_doubt + excluded.in_doubt;
    WITH gone AS (DELETE FROM harkara.otp_tally WHERE hour > first AND hour < next RETURNING *)
    INSERT INTO harkara.otp_tally AS o SELECT first, tenant, purpose, template, route, event, bucket, sum(events) FROM gone GROUP BY 2, 3, 4, 5, 6, 7
    ON CONFLICT (hour, tenant, purpose, template, route, event, bucket) DO UPDATE SET events = o.events + excluded.events;
END $$;
-- +goose StatementEnd

CREATE VIEW harkara.v_otp_event AS
SELECT at, requested_at, tenant, event, challenge, purpose, template, to_last4, smsc, send, route, reason, tries_left, retry_after, dry_run, key
FROM harkara.otp_event;

CREATE VIEW harkara.v_otp_tally AS
SELECT hour, (hour AT TIME ZONE 'Asia/Kolkata')::date AS day, tenant, purpose, template, route, event, bucket, events
FROM harkara.otp_tally WHERE events <> 0;

-- The same, with each challenge requested on the route of its first send: first_sent is that, and requested on no route is
-- what is left. So no count is below 0, though a first send may have been told twice, or without its request; by route there
-- are more requested then than v_otp_tally has.
CREATE VIEW harkara.v_otp_route AS
SELECT hour, day, tenant, purpose, template, route, CASE event WHEN 'first_sent' THEN 'requested' ELSE event END AS event, bucket, events
FROM harkara.v_otp_tally WHERE event <> 'requested'
UNION ALL
SELECT hour, day, tenant, purpose, template, '', 'requested', 0::smallint, sum(CASE event WHEN 'requested' THEN events ELSE -events END)::bigint
FROM harkara.v_otp_tally WHERE event IN ('requested', 'first_sent')
GROUP BY hour, day, tenant, purpose, template HAVING sum(CASE event WHEN 'requested' THEN events ELSE -events END) > 0;

-- Day by day, as v_dlr_daily. conversion is verified as percent of requested; p50_s the seconds from the request to the
-- right code.
CREATE VIEW harkara.v_otp_daily AS
SELECT d.day, r.*
FROM (SELECT generate_series(date_trunc('day', min(hour) AT TIME ZONE 'Asia/Kolkata'), max(hour) AT TIME ZONE 'Asia/Kolkata', interval '1 day')::date AS day
      FROM harkara.otp_tally) d
CROSS JOIN LATERAL (
    SELECT tenant, purpose, template, route, requested, sent, delivered, verified, failed, locked, expired, cancelled, blocked,
           CASE WHEN requested > 0 THEN round(100.0 * verified / requested, 1) END AS conversion, p50_s
    FROM (
        SELECT tenant, purpose, template, route,
               coalesce(sum(events) FILTER (WHERE event = 'requested'), 0)::bigint AS requested,
               coalesce(sum(events) FILTER (WHERE event = 'sent'), 0)::bigint AS sent,
               coalesce(sum(events) FILTER (WHERE event = 'delivered'), 0)::bigint AS delivered,
               coalesce(sum(events) FILTER (WHERE event = 'verified'), 0)::bigint AS verified,
               coalesce(sum(events) FILTER (WHERE event = 'failed'), 0)::bigint AS failed,
               coalesce(sum(events) FILTER (WHERE event = 'locked'), 0)::bigint AS locked,
               coalesce(sum(events) FILTER (WHERE event = 'expired'), 0)::bigint AS expired,
               coalesce(sum(events) FILTER (WHERE event = 'cancelled'), 0)::bigint AS cancelled,
               coalesce(sum(events) FILTER (WHERE event = 'blocked'), 0)::bigint AS blocked,
               harkara.bucket_seconds(min(bucket) FILTER (WHERE event = 'verified' AND events > 0 AND upto >= 0.5 * total)) AS p50_s
        FROM (
            SELECT *, sum(events) FILTER (WHERE event = 'verified') OVER (g ORDER BY bucket) AS upto,
                   sum(events) FILTER (WHERE event = 'verified') OVER g AS total
            FROM (SELECT tenant, purpose, template, route, event, bucket, sum(events) AS events FROM harkara.v_otp_route
                  WHERE hour >= harkara.day_start(d.day) AND hour < harkara.day_start(d.day + 1)
                  GROUP BY tenant, purpose, template, route, event, bucket HAVING sum(events) <> 0) t
            WINDOW g AS (PARTITION BY tenant, purpose, template, route)
        ) b
        GROUP BY tenant, purpose, template, route
    ) s
) r;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION harkara.ensure_roles() RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
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
            GRANT UPDATE ON harkara.projection, harkara.tally, harkara.billing, harkara.otp_tally, harkara.feedback, harkara.last_use, harkara.dlt_failure,
                harkara.quarantine, harkara.quarantine_run, harkara.register_version, harkara.data_key, harkara.checkpoint TO harkara_writer;
            GRANT DELETE ON harkara.receipt_early, harkara.quarantine_run, harkara.checkpoint TO harkara_writer;
            GRANT EXECUTE ON FUNCTION harkara.make_day, harkara.drop_day, harkara.drop_strays, harkara.keys_of_number, harkara.reveal TO harkara_writer;
            GRANT SELECT ON public.harkara_migrations TO harkara_writer;
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd
SELECT harkara.ensure_roles();

-- +goose Down

-- The tables go with what they say; a replay of the ledger makes it again. The role's grant on what is gone goes from the
-- function that gives it, and the rest of that stays as it is.
DROP VIEW harkara.v_otp_daily, harkara.v_otp_route, harkara.v_otp_tally, harkara.v_otp_event;
DROP TABLE harkara.otp_event, harkara.otp_tally;
CREATE OR REPLACE FUNCTION harkara.day_tables() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ARRAY['message', 'transition', 'attempt', 'answer', 'receipt', 'receipt_early'] $$;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION harkara.roll_day(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first timestamptz := harkara.day_start(day);
    next  timestamptz := harkara.day_start(day + 1);
BEGIN
    WITH gone AS (DELETE FROM harkara.tally WHERE hour > first AND hour < next RETURNING *)
    INSERT INTO harkara.tally AS t SELECT first, dim, outcome, bucket, sum(messages), sum(segments) FROM gone GROUP BY 2, 3, 4
    ON CONFLICT (hour, dim, outcome, bucket) DO UPDATE
    SET messages = t.messages + excluded.messages, segments = t.segments + excluded.segments;
    WITH gone AS (DELETE FROM harkara.billing WHERE hour > first AND hour < next RETURNING *)
    INSERT INTO harkara.billing AS b SELECT first, dim, possible_duplicate, sum(accepted), sum(in_doubt) FROM gone GROUP BY 2, 3
    ON CONFLICT (hour, dim, possible_duplicate) DO UPDATE
    SET accepted = b.accepted + excluded.accepted, in_doubt = b.in_doubt + excluded.in_doubt;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$ BEGIN
    EXECUTE replace(pg_get_functiondef('harkara.ensure_roles'::regproc), 'harkara.otp_tally, ', '');
END $$;
-- +goose StatementEnd
