-- +goose Up

-- What receipts teach about the register. It is learnt from the projection, in the order of facts, by storage.Learn.

-- What is new is asked for every second or so. BRIN would do that by reading all that autovacuum has not summarised yet,
-- up to a minute of traffic; these cost the projector less than 1 µs a row, as rows come in the order of their facts.
CREATE INDEX message_fact ON harkara.message (fact);
CREATE INDEX receipt_fact ON harkara.receipt (fact);
CREATE INDEX receipt_match_fact ON harkara.receipt_match (fact);

-- Answers 195, ESME_RMISSINGOPTPARAM (SMPP 3.4 §5.1.3 writes it 0xC3): in India the SMSC misses one of the DLT TLVs.
CREATE INDEX attempt_tlv_missing ON harkara.attempt (fact) WHERE status = 195;
CREATE INDEX answer_tlv_missing ON harkara.answer (fact) WHERE status = 195;

-- Every final word on a segment, of a receipt or an answer, that may tell what a scrubber thinks. seen is the fact by
-- which the segment got it: a receipt that came early has its match's.
CREATE VIEW harkara.dlt_signal AS
SELECT r.fact AS seen, r.fact, r.key, r.attempt, r.segment, r.smsc, r.state = 'delivered' AS delivered,
       coalesce(nullif(r.err, ''), r.stat) AS code, r.reason, r.retryable, r.received_at AS at
FROM harkara.receipt r
WHERE r.key IS NOT NULL
AND r.state IN ('delivered', 'undelivered', 'expired', 'unreported', 'refused', 'rejected', 'lapsed')
UNION ALL
SELECT x.fact, r.fact, x.key, x.attempt, x.segment, r.smsc, r.state = 'delivered',
       coalesce(nullif(r.err, ''), r.stat), r.reason, r.retryable, r.received_at
FROM harkara.receipt_match x
JOIN harkara.receipt r ON r.fact = x.receipt AND r.key IS NULL
WHERE r.state IN ('delivered', 'undelivered', 'expired', 'unreported', 'refused', 'rejected', 'lapsed')
UNION ALL
SELECT fact, fact, key, attempt, segment, smsc, false, '0x000000C3', 'tlv_missing', false, answered_at
FROM harkara.attempt WHERE status = 195
UNION ALL
SELECT fact, fact, key, attempt, segment, smsc, false, '0x000000C3', 'tlv_missing', false, answered_at
FROM harkara.answer WHERE status = 195;

-- How far has been learnt: every fact up to fact. Whoever learns or releases holds the row. quarantine_version counts
-- the changes of quarantine, for gateways to poll. Failures from before this migration are not learnt: they may have
-- been mended long ago.
CREATE TABLE harkara.feedback (
    single             boolean PRIMARY KEY DEFAULT true CHECK (single),
    fact               bigint NOT NULL,
    quarantine_version bigint NOT NULL
);
INSERT INTO harkara.feedback
SELECT true, (position + 1) * 65536 + done - 1, 1 FROM harkara.projection WHERE partition = 0;

-- How often messages failed at the scrubber of an SMSC, by what it blames. A message counts once per SMSC.
CREATE TABLE harkara.dlt_failure (
    smsc         text NOT NULL,
    subject_kind text NOT NULL, -- dlt.Kind: entities, headers, templates, ctas, chains
    subject      text NOT NULL, -- a header or a template id; the entity's id of the others
    entity       text NOT NULL,
    template     text NOT NULL, -- that the messages were of
    reason       text NOT NULL,
    code         text NOT NULL, -- as the SMSC wrote it
    class        text NOT NULL,
    first_at     timestamptz NOT NULL,
    last_at      timestamptz NOT NULL,
    count        bigint NOT NULL,
    PRIMARY KEY (template, smsc, subject_kind, subject, entity, reason, code)
);
CREATE INDEX dlt_failure_last ON harkara.dlt_failure (last_at);

-- How many messages in a row have failed for good, of pairs that are not in quarantine; no row: none.
CREATE TABLE harkara.quarantine_run (
    template text NOT NULL,
    smsc     text NOT NULL,
    failures integer NOT NULL,
    PRIMARY KEY (template, smsc)
);

-- Templates that are not offered to an SMSC because its scrubber failed them, with those released. Rows stay.
CREATE TABLE harkara.quarantine (
    id             bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    template       text NOT NULL,
    smsc           text NOT NULL,
    reason         text NOT NULL, -- of the failure that filled the measure
    code           text NOT NULL,
    detail         text NOT NULL,
    failures       integer NOT NULL, -- in a row
    quarantined_at timestamptz NOT NULL, -- when that failure was reported
    released_at    timestamptz,
    released_by    text
);
CREATE UNIQUE INDEX quarantine_open ON harkara.quarantine (template, smsc) WHERE released_at IS NULL;
CREATE INDEX quarantine_pair ON harkara.quarantine (template, smsc);

-- When a template was last offered to an SMSC under a header. What was there before is read once, here.
CREATE TABLE harkara.last_use (
    template     text NOT NULL,
    header       text NOT NULL,
    entity       text NOT NULL,
    requested_at timestamptz NOT NULL,
    PRIMARY KEY (template, header, entity)
);
INSERT INTO harkara.last_use
SELECT template, header, entity, max(requested_at) FROM harkara.message WHERE smsc IS NOT NULL GROUP BY 1, 2, 3;

-- +goose Down
DROP TABLE harkara.last_use, harkara.quarantine, harkara.quarantine_run, harkara.dlt_failure, harkara.feedback;
DROP VIEW harkara.dlt_signal;
DROP INDEX harkara.answer_tlv_missing, harkara.attempt_tlv_missing, harkara.receipt_match_fact, harkara.receipt_fact,
    harkara.message_fact;
