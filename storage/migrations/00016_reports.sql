-- +goose Up

-- What reports read beside the views that people do. A query that bounds the key in both of the first two reads the days
-- between its bounds alone, which v_message can't for its transitions. Neither has what finds or reveals a number.
CREATE VIEW harkara.v_request AS
SELECT key, requested_at, deadline, submitted_at, final_at, register, segments, possible_duplicate, tenant, id, ref, state,
       class, template, header, entity, category, encoding, variables, smsc, to_last4, error_stage, error_code, error_reason, error_detail
FROM harkara.message;
CREATE VIEW harkara.v_standing AS
SELECT key, fact, submitted_at, final_at, possible_duplicate, state, smsc, error_stage, error_code, error_reason, error_detail
FROM harkara.transition;

-- v_tally in its parts, so that whole numbers are summed before any text is looked up.
CREATE VIEW harkara.v_tally_row AS SELECT hour, dim, outcome, bucket, messages, segments FROM harkara.tally WHERE messages <> 0;
CREATE VIEW harkara.v_dim AS SELECT id, tenant, template, header, entity, smsc, class, category FROM harkara.dim;
CREATE VIEW harkara.v_outcome AS
SELECT id, state, error_stage, error_code, error_reason, submitted, possible_duplicate FROM harkara.outcome;
SELECT harkara.ensure_roles();

-- +goose Down
DROP VIEW harkara.v_outcome, harkara.v_dim, harkara.v_tally_row, harkara.v_standing, harkara.v_request;
