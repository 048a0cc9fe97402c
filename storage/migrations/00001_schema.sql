-- +goose Up

-- Facts are appended and never changed. fact is the ledger position of the event that a row was written for, times
-- 65536, plus the event's index in its frame: it orders all facts, and replaying the ledger gives the same rows.

CREATE SCHEMA harkara;

-- What was known of a message when it was first written. Later standings are rows of transition.
CREATE TABLE harkara.message (
    key                uuid PRIMARY KEY,
    fact               bigint NOT NULL,
    requested_at       timestamptz NOT NULL,
    deadline           timestamptz NOT NULL,
    submitted_at       timestamptz,
    final_at           timestamptz,
    segments           smallint NOT NULL,
    possible_duplicate boolean NOT NULL,
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
    smsc               text,
    to_last4           text NOT NULL,
    to_digest          bytea,
    to_sealed          bytea,
    text_digest        bytea,
    error_stage        text,
    error_code         text,
    error_reason       text,
    error_detail       text,
    error_retryable    boolean
);
CREATE INDEX message_id ON harkara.message (tenant, id);
CREATE INDEX message_requested ON harkara.message USING brin (requested_at) WITH (autosummarize = on);

-- Where a message stands, whole, each time that changed after its row was written. The newest counts.
CREATE TABLE harkara.transition (
    key                uuid NOT NULL,
    fact               bigint NOT NULL,
    submitted_at       timestamptz,
    final_at           timestamptz,
    possible_duplicate boolean NOT NULL,
    state              text NOT NULL,
    smsc               text,
    error_stage        text,
    error_code         text,
    error_reason       text,
    error_detail       text,
    error_retryable    boolean,
    PRIMARY KEY (key, fact)
);

-- One segment on one SMSC once, with its answer where that was known when the row was written.
CREATE TABLE harkara.attempt (
    key         uuid NOT NULL,
    fact        bigint NOT NULL,
    planned_at  timestamptz,
    answered_at timestamptz,
    status      bigint NOT NULL, -- SMPP command_status
    attempt     integer NOT NULL,
    segment     smallint NOT NULL,
    smsc        text NOT NULL,
    verdict     text NOT NULL,
    message_id  text,
    raw_id      text,
    PRIMARY KEY (key, attempt, segment)
);
CREATE INDEX attempt_message_id ON harkara.attempt (message_id, smsc) WHERE message_id IS NOT NULL;

-- An answer that came after its attempt's row was written. The newest of a segment counts.
CREATE TABLE harkara.answer (
    key         uuid NOT NULL,
    fact        bigint NOT NULL,
    answered_at timestamptz,
    status      bigint NOT NULL,
    attempt     integer NOT NULL,
    segment     smallint NOT NULL,
    smsc        text NOT NULL,
    verdict     text NOT NULL,
    message_id  text,
    raw_id      text,
    PRIMARY KEY (key, attempt, segment, fact)
);
CREATE INDEX answer_message_id ON harkara.answer (message_id, smsc) WHERE message_id IS NOT NULL;

-- Every receipt that came. key, attempt and segment are null where its attempt was not known when the row was written.
-- Only those are looked for by their fact.
CREATE TABLE harkara.receipt (
    fact        bigint NOT NULL,
    received_at timestamptz NOT NULL,
    key         uuid,
    attempt     integer,
    segment     smallint,
    smsc        text NOT NULL,
    message_id  text NOT NULL,
    raw_id      text,
    state       text NOT NULL,
    stat        text NOT NULL,
    err         text NOT NULL,
    reason      text NOT NULL,
    done        text NOT NULL,
    raw         text NOT NULL,
    retryable   boolean NOT NULL
);
CREATE INDEX receipt_key ON harkara.receipt (key) WHERE key IS NOT NULL;
CREATE INDEX receipt_unmatched ON harkara.receipt (message_id, smsc) WHERE key IS NULL;
CREATE UNIQUE INDEX receipt_waiting ON harkara.receipt (fact) WHERE key IS NULL;

-- A receipt that came before its attempt's answer, once that had come.
CREATE TABLE harkara.receipt_match (
    receipt bigint PRIMARY KEY, -- its fact
    fact    bigint NOT NULL,
    key     uuid NOT NULL,
    attempt integer NOT NULL,
    segment smallint NOT NULL
);
CREATE INDEX receipt_match_key ON harkara.receipt_match (key);

-- How far the projection of a ledger partition has come: every frame up to position, and the first done events of the next.
CREATE TABLE harkara.projection (
    partition integer PRIMARY KEY,
    position  bigint NOT NULL,
    done      integer NOT NULL
);
INSERT INTO harkara.projection VALUES (0, 0, 0);

-- Events that could not be projected, with the reason; the rest went on.
CREATE TABLE harkara.parked (
    position  bigint NOT NULL,
    index     integer NOT NULL,
    reason    text NOT NULL,
    event     text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (position, index)
);

CREATE VIEW harkara.v_message AS
SELECT m.tenant, m.id, m.ref,
       coalesce(t.state, m.state) AS state,
       m.class, m.template, m.header, m.entity, m.category,
       CASE WHEN t.key IS NULL THEN m.smsc ELSE t.smsc END AS smsc,
       m.segments, m.to_last4,
       CASE WHEN t.key IS NULL THEN m.error_stage ELSE t.error_stage END AS error_stage,
       CASE WHEN t.key IS NULL THEN m.error_code ELSE t.error_code END AS error_code,
       CASE WHEN t.key IS NULL THEN m.error_reason ELSE t.error_reason END AS error_reason,
       coalesce(t.possible_duplicate, m.possible_duplicate) AS possible_duplicate,
       m.requested_at,
       CASE WHEN t.key IS NULL THEN m.submitted_at ELSE t.submitted_at END AS submitted_at,
       CASE WHEN t.key IS NULL THEN m.final_at ELSE t.final_at END AS final_at,
       m.key, m.to_digest
FROM harkara.message m
LEFT JOIN (
    SELECT a.* FROM harkara.transition a
    WHERE NOT EXISTS (SELECT FROM harkara.transition b WHERE b.key = a.key AND b.fact > a.fact)
) t ON t.key = m.key;

CREATE VIEW harkara.v_attempt AS
SELECT m.tenant, m.id, a.segment, a.attempt, a.smsc,
       CASE WHEN n.key IS NULL THEN a.message_id ELSE n.message_id END AS message_id,
       coalesce(n.verdict, a.verdict) AS status,
       a.planned_at,
       CASE WHEN n.key IS NULL THEN a.answered_at ELSE n.answered_at END AS answered_at,
       a.key
FROM harkara.attempt a
JOIN harkara.message m ON m.key = a.key
LEFT JOIN (
    SELECT x.* FROM harkara.answer x
    WHERE NOT EXISTS (SELECT FROM harkara.answer y
                      WHERE y.key = x.key AND y.attempt = x.attempt AND y.segment = x.segment AND y.fact > x.fact)
) n ON n.key = a.key AND n.attempt = a.attempt AND n.segment = a.segment;

CREATE VIEW harkara.v_receipt AS
SELECT r.smsc, r.message_id, r.stat, r.err, r.received_at, m.tenant, m.id
FROM harkara.receipt r
JOIN harkara.message m ON m.key = r.key
WHERE r.key IS NOT NULL
UNION ALL
SELECT r.smsc, r.message_id, r.stat, r.err, r.received_at, m.tenant, m.id
FROM harkara.receipt r
LEFT JOIN harkara.receipt_match x ON x.receipt = r.fact
LEFT JOIN harkara.message m ON m.key = x.key
WHERE r.key IS NULL;

CREATE VIEW harkara.v_dlr_daily AS
SELECT (requested_at AT TIME ZONE 'Asia/Kolkata')::date AS day, tenant, template, header, smsc, category,
       count(*) AS requested,
       count(submitted_at) AS submitted,
       count(*) FILTER (WHERE state = 'delivered') AS delivered,
       count(*) FILTER (WHERE state = 'undelivered') AS undelivered,
       count(*) FILTER (WHERE state = 'expired') AS expired,
       count(*) FILTER (WHERE state = 'refused') AS refused,
       count(*) FILTER (WHERE state = 'rejected') AS rejected,
       count(*) FILTER (WHERE state = 'lapsed') AS lapsed,
       count(*) FILTER (WHERE state = 'in_doubt') AS in_doubt,
       count(*) FILTER (WHERE state = 'unreported') AS unreported,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM final_at - requested_at)::float8)
           FILTER (WHERE state = 'delivered') AS p50_s,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM final_at - requested_at)::float8)
           FILTER (WHERE state = 'delivered') AS p95_s
FROM harkara.v_message
GROUP BY 1, 2, 3, 4, 5, 6;

-- +goose Down
DROP SCHEMA harkara CASCADE;
