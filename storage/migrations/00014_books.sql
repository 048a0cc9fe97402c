-- +goose Up

-- Facts by the day of their message, so that a day is dropped whole when its time is over. A key begins with the time of
-- its request (UUID version 7), so that ranges of keys are days: India's, by which reports and retention count. All
-- that is known of a message lies in its own day, however late it came.
--
-- This copies all rows there are, in one transaction, and they are on disk twice until the old tables go at its end; so
-- there must be as much room again as the database has. It ends whole or not at all. Until then nobody reads or projects;
-- gateways send all the same, and the projection takes up what the ledger has gathered. With tens of millions of messages
-- let one gateway start alone, and give it time.

-- The lowest key of requests from a time on: its milliseconds since 1970 in the first 48 bits (RFC 9562 §5.7).
CREATE FUNCTION harkara.key_at(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT (lpad(to_hex(greatest(floor(extract(epoch FROM at) * 1000)::bigint, 0)), 12, '0') || repeat('0', 20))::uuid $$;

-- The first moment of an Indian day. India has had no other offset since 1945, so this is immutable.
CREATE FUNCTION harkara.day_start(day date) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT (day::timestamp - interval '5 hours 30 minutes') AT TIME ZONE 'UTC' $$;

DROP VIEW harkara.v_dlr_daily, harkara.v_receipt, harkara.v_attempt, harkara.v_message, harkara.dlt_signal;
ALTER TABLE harkara.message RENAME TO old_message;
ALTER TABLE harkara.transition RENAME TO old_transition;
ALTER TABLE harkara.attempt RENAME TO old_attempt;
ALTER TABLE harkara.answer RENAME TO old_answer;
ALTER TABLE harkara.receipt RENAME TO old_receipt;
ALTER TABLE harkara.receipt_match RENAME TO old_receipt_match;
-- Index names are taken until the old tables go.
-- +goose StatementBegin
DO $$
DECLARE i record;
BEGIN
    FOR i IN SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
             WHERE t.relnamespace = 'harkara'::regnamespace AND t.relname LIKE 'old\_%' LOOP
        EXECUTE format('ALTER INDEX harkara.%I RENAME TO %I', i.relname, 'old_' || i.relname);
    END LOOP;
END $$;
-- +goose StatementEnd

-- What was known of a message when it was first written. Later standings are rows of transition. to_digest is the keyed
-- digest of the number under the tenant's data key of the month, to_sealed the number under the same; to_mark a number of
-- 1 to 255 that is the same for the same handset. variables are the lengths and types of what was put into the template.
CREATE TABLE harkara.message (
    key                uuid PRIMARY KEY,
    fact               bigint NOT NULL,
    requested_at       timestamptz NOT NULL,
    deadline           timestamptz NOT NULL,
    submitted_at       timestamptz,
    final_at           timestamptz,
    register           bigint,
    segments           smallint NOT NULL,
    to_mark            smallint,
    possible_duplicate boolean NOT NULL,
    error_retryable    boolean,
    tenant             text NOT NULL,
    id                 text NOT NULL,
    ref                text NOT NULL,
    state              text NOT NULL,
    class              text NOT NULL,
    template           text NOT NULL,
    header             text NOT NULL,
    entity             text NOT NULL,
    category           text NOT NULL,
    encoding           text NOT NULL,
    variables          text NOT NULL DEFAULT '',
    smsc               text,
    to_last4           text NOT NULL,
    to_digest          bytea,
    to_sealed          bytea,
    text_digest        bytea,
    error_stage        text,
    error_code         text,
    error_reason       text,
    error_detail       text
) PARTITION BY RANGE (key);

-- Where a message stands, whole, each time that changed after its row was written. The newest counts.
CREATE TABLE harkara.transition (
    key                uuid NOT NULL,
    fact               bigint NOT NULL,
    submitted_at       timestamptz,
    final_at           timestamptz,
    possible_duplicate boolean NOT NULL,
    error_retryable    boolean,
    state              text NOT NULL,
    smsc               text,
    error_stage        text,
    error_code         text,
    error_reason       text,
    error_detail       text,
    PRIMARY KEY (key, fact)
) PARTITION BY RANGE (key);

-- One segment on one SMSC once, with its answer where that was known when the row was written. parts is how many
-- submit_sm the whole message is there; possible_duplicate says that this attempt may bring the handset a second copy.
CREATE TABLE harkara.attempt (
    key                uuid NOT NULL,
    fact               bigint NOT NULL,
    planned_at         timestamptz,
    answered_at        timestamptz,
    status             bigint NOT NULL, -- SMPP command_status
    attempt            integer NOT NULL,
    user_ref           integer, -- of a segment that no message id names; else null
    segment            smallint NOT NULL,
    parts              smallint,
    possible_duplicate boolean NOT NULL DEFAULT false,
    smsc               text NOT NULL,
    verdict            text NOT NULL,
    message_id         text,
    raw_id             text,
    PRIMARY KEY (key, attempt, segment)
) PARTITION BY RANGE (key);

-- An answer that came after its attempt's row was written. The newest of a segment counts.
CREATE TABLE harkara.answer (
    key         uuid NOT NULL,
    fact        bigint NOT NULL,
    answered_at timestamptz,
    status      bigint NOT NULL,
    attempt     integer NOT NULL,
    user_ref    integer,
    segment     smallint NOT NULL,
    smsc        text NOT NULL,
    verdict     text NOT NULL,
    message_id  text,
    raw_id      text,
    PRIMARY KEY (key, attempt, segment, fact)
) PARTITION BY RANGE (key);

-- Every receipt that belongs to a segment. given is the fact by which it got it: its own, or that of the answer (or
-- doubt) that came later.
CREATE TABLE harkara.receipt (
    key         uuid NOT NULL,
    fact        bigint NOT NULL,
    given       bigint NOT NULL,
    received_at timestamptz NOT NULL,
    attempt     integer NOT NULL,
    user_ref    integer,
    segment     smallint NOT NULL,
    from_mark   smallint,
    retryable   boolean NOT NULL,
    smsc        text NOT NULL,
    message_id  text NOT NULL,
    raw_id      text,
    state       text NOT NULL,
    stat        text NOT NULL,
    err         text NOT NULL,
    reason      text NOT NULL,
    done        text NOT NULL,
    raw         text NOT NULL
) PARTITION BY RANGE (key);

-- Receipts whose segment is not known: they wait here by the day that they came, and move to receipt when it is.
CREATE TABLE harkara.receipt_early (
    fact        bigint NOT NULL,
    received_at timestamptz NOT NULL,
    user_ref    integer,
    from_mark   smallint,
    retryable   boolean NOT NULL,
    smsc        text NOT NULL,
    message_id  text NOT NULL,
    raw_id      text,
    state       text NOT NULL,
    stat        text NOT NULL,
    err         text NOT NULL,
    reason      text NOT NULL,
    done        text NOT NULL,
    raw         text NOT NULL,
    PRIMARY KEY (fact, received_at)
) PARTITION BY RANGE (received_at);

-- What fits no day, since its day was not made in time or is dropped already: nothing is turned away.
CREATE TABLE harkara.message_default PARTITION OF harkara.message DEFAULT;
CREATE TABLE harkara.transition_default PARTITION OF harkara.transition DEFAULT;
CREATE TABLE harkara.attempt_default PARTITION OF harkara.attempt DEFAULT;
CREATE TABLE harkara.answer_default PARTITION OF harkara.answer DEFAULT;
CREATE TABLE harkara.receipt_default PARTITION OF harkara.receipt DEFAULT;
CREATE TABLE harkara.receipt_early_default PARTITION OF harkara.receipt_early DEFAULT;

-- The tables that are cut into days: storage.dayTables.
CREATE FUNCTION harkara.day_tables() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ARRAY['message', 'transition', 'attempt', 'answer', 'receipt', 'receipt_early'] $$;

-- Makes one table's partition of an Indian day, where it is missing, and moves the day's rows there from the default
-- partition. It returns how many it moved, null where the day was there. A table made apart and attached needs a weaker
-- lock on the parent than one made in place: who writes today is not kept waiting. But where rows are moved, whoever
-- reads the parent has to wait before it looks which partitions there are: one that waited for the default partition
-- alone would find the rows neither there nor in the day, which it does not know.
--
-- Rows are only ever added, so autovacuum is told to come by numbers of rows, not by parts of the table, which would be
-- fifty times in a day of ten million: every 500,000 it marks pages all-visible and summarises their BRIN ranges, and the
-- planner's statistics are made anew when the table has grown by half. When the day is over it is vacuumed and frozen
-- once: see storage.Maintain. Rows of receipt_early go again, mostly within the hour.
-- +goose StatementBegin
CREATE FUNCTION harkara.make_day(parent text, day date) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    child  text := parent || to_char(day, '"_"YYYYMMDD');
    rest   text := parent || '_default';
    bound  text := 'key';
    low    text := harkara.key_at(harkara.day_start(day));
    high   text := harkara.key_at(harkara.day_start(day + 1));
    within text;
    strays boolean;
    moved  bigint := 0;
    tuning text := 'autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 500000, '
        'autovacuum_analyze_scale_factor = 0.5, autovacuum_analyze_threshold = 5000';
BEGIN
    IF (parent = ANY (harkara.day_tables())) IS NOT TRUE THEN
        RAISE EXCEPTION '% has no days', parent USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF to_regclass('harkara.' || quote_ident(child)) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF parent = 'receipt_early' THEN
        bound := 'received_at';
        low := harkara.day_start(day);
        high := harkara.day_start(day + 1);
        tuning := 'autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000';
    END IF;
    BEGIN
        EXECUTE format('CREATE TABLE harkara.%I (LIKE harkara.%I INCLUDING ALL) WITH (%s)', child, parent, tuning);
    EXCEPTION WHEN duplicate_table OR duplicate_object OR unique_violation THEN
        RETURN NULL; -- the projector and storage.Maintain may both have come to it
    END;
    within := format('harkara.%I WHERE %I >= %L AND %I < %L', rest, bound, low, bound, high);
    EXECUTE 'SELECT EXISTS (SELECT FROM ' || within || ')' INTO strays;
    IF strays THEN
        EXECUTE format('LOCK TABLE ONLY harkara.%I IN ACCESS EXCLUSIVE MODE', parent);
    END IF;
    EXECUTE format('LOCK TABLE harkara.%I IN ACCESS EXCLUSIVE MODE', rest); -- as attaching does
    IF strays THEN
        EXECUTE format('WITH gone AS (DELETE FROM %s RETURNING *) INSERT INTO harkara.%I SELECT * FROM gone', within, child);
        GET DIAGNOSTICS moved = ROW_COUNT;
    ELSE
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || within || ')' INTO strays;
        IF strays THEN
            RAISE EXCEPTION 'the first rows of % came in this moment', child USING ERRCODE = 'lock_not_available';
        END IF;
    END IF;
    EXECUTE format('ALTER TABLE harkara.%I ATTACH PARTITION harkara.%I FOR VALUES FROM (%L) TO (%L)', parent, child, low, high);
    RETURN moved;
END $$;
-- +goose StatementEnd

-- The beginning of an hour in India.
CREATE FUNCTION harkara.hour_start(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT (date_trunc('hour', at AT TIME ZONE 'UTC' + interval '5 hours 30 minutes') - interval '5 hours 30 minutes') AT TIME ZONE 'UTC' $$;

-- When the request of a key was made, to the millisecond.
CREATE FUNCTION harkara.key_time(key uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT to_timestamp(('x' || lpad(replace(left(key::text, 13), '-', ''), 16, '0'))::bit(64)::bigint / 1000.0) $$;

-- The days that are there, as far back as storage.Retention's default, and some ahead; what runs makes further ones.
SELECT harkara.make_day(parent, day::date)
FROM unnest(harkara.day_tables()) AS parent,
     generate_series((SELECT greatest(coalesce(min(requested_at), now()), now() - interval '400 days') AT TIME ZONE 'Asia/Kolkata' FROM harkara.old_message)::date,
                     (now() AT TIME ZONE 'Asia/Kolkata')::date + 3, interval '1 day') AS day;

INSERT INTO harkara.message (key, fact, requested_at, deadline, submitted_at, final_at, register, segments, possible_duplicate, error_retryable,
       tenant, id, ref, state, class, template, header, entity, category, encoding, smsc, to_last4, to_digest, to_sealed, text_digest,
       error_stage, error_code, error_reason, error_detail)
SELECT key, fact, requested_at, deadline, submitted_at, final_at, register, segments, possible_duplicate, error_retryable,
       tenant, id, ref, state, class, template, header, entity, category, encoding, smsc, to_last4, to_digest, to_sealed, text_digest,
       error_stage, error_code, error_reason, error_detail FROM harkara.old_message;
INSERT INTO harkara.transition SELECT key, fact, submitted_at, final_at, possible_duplicate, error_retryable, state, smsc, error_stage,
       error_code, error_reason, error_detail FROM harkara.old_transition;
INSERT INTO harkara.attempt SELECT key, fact, planned_at, answered_at, status, attempt, user_ref, segment, parts,
       attempt > 1 AND coalesce((SELECT possible_duplicate FROM harkara.old_transition t WHERE t.key = a.key ORDER BY fact DESC LIMIT 1),
                                (SELECT possible_duplicate FROM harkara.old_message m WHERE m.key = a.key), false), smsc, verdict, message_id, raw_id
FROM harkara.old_attempt a;
INSERT INTO harkara.answer SELECT key, fact, answered_at, status, attempt, user_ref, segment, smsc, verdict, message_id, raw_id
FROM harkara.old_answer;
INSERT INTO harkara.receipt SELECT r.key, r.fact, r.fact, received_at, attempt, user_ref, segment, NULL, retryable, smsc, message_id, raw_id, state, stat,
       err, reason, done, raw FROM harkara.old_receipt r WHERE key IS NOT NULL;
INSERT INTO harkara.receipt SELECT x.key, r.fact, x.fact, received_at, x.attempt, user_ref, x.segment, NULL, retryable, smsc, message_id, raw_id, state, stat,
       err, reason, done, raw FROM harkara.old_receipt r JOIN harkara.old_receipt_match x ON x.receipt = r.fact WHERE r.key IS NULL;
INSERT INTO harkara.receipt_early SELECT r.fact, received_at, user_ref, NULL, retryable, smsc, message_id, raw_id, state, stat,
       err, reason, done, raw FROM harkara.old_receipt r
WHERE key IS NULL AND NOT EXISTS (SELECT FROM harkara.old_receipt_match x WHERE x.receipt = r.fact);
DROP TABLE harkara.old_message, harkara.old_transition, harkara.old_attempt, harkara.old_answer, harkara.old_receipt, harkara.old_receipt_match;

-- Made when the rows are there, which is faster than row by row. Each says what needs it, and storage's TestPlans fails on
-- one that nothing uses: it would cost the projector for nothing.

-- storage.Lookup.ByID (a tenant's copy of a request, however old), harkara.reveal, report messages --id
CREATE INDEX message_id ON harkara.message (tenant, id);
-- report messages by number, shredding of a number
CREATE INDEX message_number ON harkara.message (to_digest) WHERE to_digest IS NOT NULL;
-- report messages --ref
CREATE INDEX message_ref ON harkara.message (ref) WHERE ref <> '';
-- storage.Learn: when templates and headers were last used, by the facts that are new
CREATE INDEX message_fact ON harkara.message (fact);
-- the projector: whose receipt it is, by the SMSC's id
CREATE INDEX attempt_message_id ON harkara.attempt (message_id, smsc) WHERE message_id IS NOT NULL;
-- the projector: whose receipt it is, by the user_message_reference of a segment in doubt; few rows are in it
CREATE INDEX attempt_user_ref ON harkara.attempt (smsc, user_ref, answered_at) WHERE user_ref IS NOT NULL;
-- storage.Silent: what was answered in some minutes. Rows come in about the order of the answers: a BRIN is next to nothing
CREATE INDEX attempt_answered ON harkara.attempt USING brin (answered_at) WITH (pages_per_range = 32, autosummarize = on);
-- storage.Learn: failures at the scrubber that came as an answer; hardly a row is in it
CREATE INDEX attempt_tlv_missing ON harkara.attempt (fact) WHERE status = 195;
-- as those of attempt: an answer is in one or the other
CREATE INDEX answer_message_id ON harkara.answer (message_id, smsc) WHERE message_id IS NOT NULL;
CREATE INDEX answer_user_ref ON harkara.answer (smsc, user_ref, answered_at) WHERE user_ref IS NOT NULL;
CREATE INDEX answer_answered ON harkara.answer USING brin (answered_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX answer_tlv_missing ON harkara.answer (fact) WHERE status = 195;
-- the projector, storage.Silent: what receipts have said of a segment
CREATE INDEX receipt_key ON harkara.receipt (key);
-- storage.Learn: final words that are new
CREATE INDEX receipt_given ON harkara.receipt (given);
-- the projector: receipts that waited for this answer, or this doubt, where its memory holds no more of them
CREATE INDEX receipt_early_id ON harkara.receipt_early (message_id, smsc);
CREATE INDEX receipt_early_ref ON harkara.receipt_early (smsc, user_ref) WHERE user_ref IS NOT NULL;

-- Counts of messages, kept by the projection in the transaction that writes their rows, so that reports of days need no
-- rows. dim and outcome are the first 64 bits of a digest of what their rows say: the same in every replay.
CREATE TABLE harkara.dim (
    id       bigint PRIMARY KEY,
    tenant   text NOT NULL,
    template text NOT NULL,
    header   text NOT NULL,
    entity   text NOT NULL,
    smsc     text NOT NULL, -- empty: none was tried
    class    text NOT NULL,
    category text NOT NULL
);
CREATE TABLE harkara.outcome (
    id                 bigint PRIMARY KEY,
    state              text NOT NULL,
    error_stage        text NOT NULL,
    error_code         text NOT NULL,
    error_reason       text NOT NULL,
    submitted          boolean NOT NULL, -- an SMSC accepted all of it
    possible_duplicate boolean NOT NULL
);
-- hour is the hour of the request in India; where the messages' own rows are gone, the first of its day. bucket is how
-- long a delivered one took from its request, in steps of 10 %: see storage.Bucket; 0 for the others.
CREATE TABLE harkara.tally (
    hour     timestamptz NOT NULL,
    dim      bigint NOT NULL,
    outcome  bigint NOT NULL,
    bucket   smallint NOT NULL,
    messages bigint NOT NULL,
    segments bigint NOT NULL,
    PRIMARY KEY (hour, dim, outcome, bucket)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
-- For storage.Unreported: the hours in which messages rest in a state. Counts change without touching it.
CREATE INDEX tally_resting ON harkara.tally (outcome, hour) WHERE bucket = 0;
-- Short messages, as an operator bills them: accepted, or in doubt. possible_duplicate: of attempts that may have brought
-- the handset a second copy.
CREATE TABLE harkara.billing (
    hour               timestamptz NOT NULL, -- as in tally
    dim                bigint NOT NULL, -- with the attempt's SMSC
    possible_duplicate boolean NOT NULL,
    accepted           bigint NOT NULL,
    in_doubt           bigint NOT NULL,
    PRIMARY KEY (hour, dim, possible_duplicate)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- Adds the hours of a day, in tally and billing, to its first.
-- +goose StatementBegin
CREATE FUNCTION harkara.roll_day(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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

-- Whatever somebody asks for, these two drop nothing of the last eight days: what can still change.
-- +goose StatementBegin
CREATE FUNCTION harkara.check_drop(parent text, before date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF (parent = ANY (harkara.day_tables()) AND harkara.day_start(before) <= now() - interval '8 days') IS NOT TRUE THEN
        RAISE EXCEPTION 'rows of % before % are not to be dropped', parent, before USING ERRCODE = 'invalid_parameter_value';
    END IF;
END $$;
-- +goose StatementEnd

-- Deletes the rows of a table that have no day because theirs is dropped: those of days before one. With the messages
-- their counts by hour go.
-- +goose StatementBegin
CREATE FUNCTION harkara.drop_strays(parent text, before date) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
    over date;
BEGIN
    PERFORM harkara.check_drop(parent, before);
    IF parent = 'message' THEN
        FOR over IN SELECT DISTINCT (harkara.key_time(key) AT TIME ZONE 'Asia/Kolkata')::date FROM harkara.message_default
                   WHERE key < harkara.key_at(harkara.day_start(before)) LOOP
            PERFORM harkara.roll_day(over);
        END LOOP;
    END IF;
    EXECUTE format(CASE parent WHEN 'receipt_early' THEN 'DELETE FROM harkara.%I WHERE received_at < %L'
                   ELSE 'DELETE FROM harkara.%I WHERE key < harkara.key_at(%L)' END,
                   parent || '_default', harkara.day_start(before));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
-- +goose StatementEnd

-- Drops one table's partition of a day. With the messages their counts by hour go: counts by day stay.
-- +goose StatementBegin
CREATE FUNCTION harkara.drop_day(parent text, day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM harkara.check_drop(parent, day + 1);
    EXECUTE format('DROP TABLE harkara.%I', parent || to_char(day, '"_"YYYYMMDD'));
    IF parent = 'message' THEN
        PERFORM harkara.roll_day(day);
    END IF;
END $$;
-- +goose StatementEnd

-- Whose ledger this is, and when the last frame that was projected was appended.
ALTER TABLE harkara.projection ADD COLUMN lineage text NOT NULL DEFAULT '';
ALTER TABLE harkara.projection ADD COLUMN frame_at timestamptz;
ALTER TABLE harkara.projection SET (fillfactor = 50);
ALTER TABLE harkara.parked ADD COLUMN partition integer NOT NULL DEFAULT 0;

-- Signed checkpoints of the ledger, as exported: see harkara ledger checkpoints.
CREATE TABLE harkara.checkpoint (
    node     text NOT NULL,
    position bigint NOT NULL,
    at       timestamptz NOT NULL,
    note     text NOT NULL,
    PRIMARY KEY (node, position)
);

-- The tenants' data keys, wrapped with the master key. A shredded one keeps its row, without the key.
CREATE TABLE harkara.data_key (
    id          text PRIMARY KEY, -- hexadecimal, as it stands in front of what it sealed
    tenant      text NOT NULL,
    month       date NOT NULL, -- its first day, in India
    wrapped     bytea,
    made_at     timestamptz NOT NULL,
    shredded_at timestamptz
);
CREATE INDEX data_key_month ON harkara.data_key (tenant, month);

-- Every use of what can be revealed, and every shredding. Rows are only ever added.
CREATE TABLE harkara.privacy_log (
    id     bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at     timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL, -- reveal, rotate, shred_month, shred_month_done, shred_number, shred_number_done
    tenant text NOT NULL,
    detail text NOT NULL, -- never a number
    who    text NOT NULL,
    why    text NOT NULL
);
CREATE TRIGGER privacy_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON harkara.privacy_log
    FOR EACH STATEMENT EXECUTE FUNCTION harkara.refuse_change();

CREATE VIEW harkara.v_message AS
SELECT m.tenant, m.id, m.ref,
       coalesce(t.state, m.state) AS state,
       m.class, m.template, m.header, m.entity, m.category,
       CASE WHEN t.state IS NULL THEN m.smsc ELSE t.smsc END AS smsc,
       m.segments, m.to_last4,
       CASE WHEN t.state IS NULL THEN m.error_stage ELSE t.error_stage END AS error_stage,
       CASE WHEN t.state IS NULL THEN m.error_code ELSE t.error_code END AS error_code,
       CASE WHEN t.state IS NULL THEN m.error_reason ELSE t.error_reason END AS error_reason,
       coalesce(t.possible_duplicate, m.possible_duplicate) AS possible_duplicate,
       m.requested_at,
       CASE WHEN t.state IS NULL THEN m.submitted_at ELSE t.submitted_at END AS submitted_at,
       CASE WHEN t.state IS NULL THEN m.final_at ELSE t.final_at END AS final_at,
       m.key, m.to_digest, m.register,
       CASE WHEN t.state IS NULL THEN m.error_detail ELSE t.error_detail END AS error_detail,
       m.encoding, m.variables
FROM harkara.message m
LEFT JOIN LATERAL (SELECT * FROM harkara.transition a WHERE a.key = m.key ORDER BY a.fact DESC LIMIT 1) t ON true;

CREATE VIEW harkara.v_attempt AS
SELECT m.tenant, m.id, a.segment, a.attempt, a.smsc,
       CASE WHEN n.verdict IS NULL THEN a.message_id ELSE n.message_id END AS message_id,
       coalesce(n.verdict, a.verdict) AS status,
       a.planned_at,
       CASE WHEN n.verdict IS NULL THEN a.answered_at ELSE n.answered_at END AS answered_at,
       a.key, a.possible_duplicate
FROM harkara.message m
JOIN harkara.attempt a ON a.key = m.key
LEFT JOIN LATERAL (SELECT * FROM harkara.answer x WHERE x.key = a.key AND x.attempt = a.attempt AND x.segment = a.segment
                   ORDER BY x.fact DESC LIMIT 1) n ON true;

CREATE VIEW harkara.v_receipt AS
SELECT r.smsc, r.message_id, r.stat, r.err, r.received_at, m.tenant, m.id, r.key, r.state
FROM harkara.message m
JOIN harkara.receipt r ON r.key = m.key
UNION ALL
SELECT smsc, message_id, stat, err, received_at, NULL, NULL, NULL, state FROM harkara.receipt_early;

CREATE VIEW harkara.v_tally AS
SELECT t.hour, (t.hour AT TIME ZONE 'Asia/Kolkata')::date AS day, d.tenant, d.template, d.header, d.entity, d.smsc, d.class, d.category,
       o.state, o.error_stage, o.error_code, o.error_reason, o.submitted, o.possible_duplicate, t.bucket, t.messages, t.segments
FROM harkara.tally t
JOIN harkara.dim d ON d.id = t.dim
JOIN harkara.outcome o ON o.id = t.outcome
WHERE t.messages <> 0;

CREATE VIEW harkara.v_billing AS
SELECT b.hour, (b.hour AT TIME ZONE 'Asia/Kolkata')::date AS day, d.tenant, d.template, d.header, d.entity, d.smsc, d.class, d.category,
       b.possible_duplicate, b.accepted, b.in_doubt
FROM harkara.billing b
JOIN harkara.dim d ON d.id = b.dim
WHERE b.accepted <> 0 OR b.in_doubt <> 0;

-- The middle of a bucket in seconds: bucket n ends at 1.1^(n-100) seconds.
CREATE FUNCTION harkara.bucket_seconds(bucket smallint) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT 1.1::float8 ^ (bucket - 100.5) $$;

-- Day by day, so that a condition on day reads that day's part of the key alone; and few whole numbers are summed
-- before any text is looked up.
CREATE VIEW harkara.v_dlr_daily AS
SELECT d.day, r.*
FROM (SELECT generate_series(date_trunc('day', min(hour) AT TIME ZONE 'Asia/Kolkata'), max(hour) AT TIME ZONE 'Asia/Kolkata', interval '1 day')::date AS day
      FROM harkara.tally) d
CROSS JOIN LATERAL (
    SELECT tenant, template, header, smsc, category,
           sum(requested)::bigint AS requested, sum(submitted)::bigint AS submitted, sum(delivered)::bigint AS delivered,
           sum(undelivered)::bigint AS undelivered, sum(expired)::bigint AS expired, sum(refused)::bigint AS refused,
           sum(rejected)::bigint AS rejected, sum(lapsed)::bigint AS lapsed, sum(in_doubt)::bigint AS in_doubt,
           sum(unreported)::bigint AS unreported,
           harkara.bucket_seconds(min(bucket) FILTER (WHERE delivered > 0 AND upto >= 0.5 * total)) AS p50_s,
           harkara.bucket_seconds(min(bucket) FILTER (WHERE delivered > 0 AND upto >= 0.95 * total)) AS p95_s
    FROM (
        SELECT *, sum(delivered) OVER (g ORDER BY bucket) AS upto, sum(delivered) OVER g AS total
        FROM (
            SELECT tenant, template, header, nullif(smsc, '') AS smsc, category, bucket, sum(messages) AS requested,
                   coalesce(sum(messages) FILTER (WHERE submitted), 0) AS submitted,
                   coalesce(sum(messages) FILTER (WHERE state = 'delivered'), 0) AS delivered,
                   coalesce(sum(messages) FILTER (WHERE state = 'undelivered'), 0) AS undelivered,
                   coalesce(sum(messages) FILTER (WHERE state = 'expired'), 0) AS expired,
                   coalesce(sum(messages) FILTER (WHERE state = 'refused'), 0) AS refused,
                   coalesce(sum(messages) FILTER (WHERE state = 'rejected'), 0) AS rejected,
                   coalesce(sum(messages) FILTER (WHERE state = 'lapsed'), 0) AS lapsed,
                   coalesce(sum(messages) FILTER (WHERE state = 'in_doubt'), 0) AS in_doubt,
                   coalesce(sum(messages) FILTER (WHERE state = 'unreported'), 0) AS unreported
            FROM (SELECT dim, outcome, bucket, sum(messages) AS messages FROM harkara.tally
                  WHERE hour >= harkara.day_start(d.day) AND hour < harkara.day_start(d.day + 1)
                  GROUP BY dim, outcome, bucket HAVING sum(messages) <> 0) t
            JOIN harkara.dim ON dim.id = t.dim
            JOIN harkara.outcome ON outcome.id = t.outcome
            GROUP BY tenant, template, header, smsc, category, bucket
        ) b WINDOW g AS (PARTITION BY tenant, template, header, smsc, category)
    ) s
    GROUP BY tenant, template, header, smsc, category
) r;

-- Every final word on a segment, of a receipt or an answer, that may tell what a scrubber thinks. seen is the fact by
-- which the segment got it.
CREATE VIEW harkara.dlt_signal AS
SELECT given AS seen, fact, key, attempt, segment, smsc, state = 'delivered' AS delivered,
       coalesce(nullif(err, ''), stat) AS code, reason, retryable, received_at AS at
FROM harkara.receipt
WHERE state IN ('delivered', 'undelivered', 'expired', 'unreported', 'refused', 'rejected', 'lapsed')
UNION ALL
SELECT fact, fact, key, attempt, segment, smsc, false, '0x000000C3', 'tlv_missing', false, answered_at
FROM harkara.attempt WHERE status = 195
UNION ALL
SELECT fact, fact, key, attempt, segment, smsc, false, '0x000000C3', 'tlv_missing', false, answered_at
FROM harkara.answer WHERE status = 195;

-- When the last frame that was learnt from was appended: what is learnt next is of messages not much older.
ALTER TABLE harkara.feedback ADD COLUMN frame_at timestamptz;

-- The counts of what is there; from here on the projection keeps them. The ids are those of storage.idOf, the buckets
-- those of storage.Bucket. projection.lineage stays empty: the first projection takes the ledger that it finds for its own.
ANALYZE harkara.message, harkara.transition, harkara.attempt, harkara.answer;
CREATE FUNCTION harkara.name_of(columns text[]) RETURNS bigint LANGUAGE sql AS
$$ SELECT ('x' || encode(substr(sha256(convert_to(array_to_string(columns, E'\x1f'), 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint $$;
CREATE TEMP TABLE old_count ON COMMIT DROP AS
SELECT *, harkara.name_of(ARRAY[tenant, template, header, entity, smsc, class, category]) AS dim,
       harkara.name_of(ARRAY[state, error_stage, error_code, error_reason, left(submitted::text, 1), left(possible_duplicate::text, 1)]) AS outcome
FROM (
    SELECT harkara.hour_start(requested_at) AS hour, tenant, template, header, entity, coalesce(smsc, '') AS smsc, class, category, state,
           coalesce(error_stage, '') AS error_stage, coalesce(error_code, '') AS error_code, coalesce(error_reason, '') AS error_reason,
           submitted_at IS NOT NULL AS submitted, possible_duplicate,
           CASE WHEN state <> 'delivered' THEN 0 WHEN final_at <= requested_at THEN 1
                ELSE greatest(1, 100 + ceil(log(1.1, extract(epoch FROM final_at - requested_at)))) END::smallint AS bucket,
           count(*) AS messages, sum(segments) AS segments
    FROM harkara.v_message GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
) c;
CREATE TEMP TABLE old_bill ON COMMIT DROP AS
SELECT *, harkara.name_of(ARRAY[tenant, template, header, entity, smsc, class, category]) AS dim
FROM (
    SELECT harkara.hour_start(m.requested_at) AS hour, m.tenant, m.template, m.header, m.entity, a.smsc, m.class, m.category, a.possible_duplicate,
           count(*) FILTER (WHERE a.status = 'accepted') AS accepted, count(*) FILTER (WHERE a.status = 'in_doubt') AS in_doubt
    FROM harkara.message m JOIN harkara.v_attempt a ON a.key = m.key
    WHERE a.status IN ('accepted', 'in_doubt') GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
) b;
INSERT INTO harkara.dim SELECT DISTINCT dim, tenant, template, header, entity, smsc, class, category FROM old_count
UNION SELECT DISTINCT dim, tenant, template, header, entity, smsc, class, category FROM old_bill;
INSERT INTO harkara.outcome SELECT DISTINCT outcome, state, error_stage, error_code, error_reason, submitted, possible_duplicate FROM old_count;
INSERT INTO harkara.tally SELECT hour, dim, outcome, bucket, messages, segments FROM old_count;
INSERT INTO harkara.billing SELECT hour, dim, possible_duplicate, accepted, in_doubt FROM old_bill;
DROP FUNCTION harkara.name_of;

-- +goose Down

-- Rows of days that were dropped do not come back, so this is not undone: put a backup back instead.
-- +goose StatementBegin
DO $$ BEGIN RAISE EXCEPTION 'the books by days cannot be undone: put a backup of the database back'; END $$;
-- +goose StatementEnd
