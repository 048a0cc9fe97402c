-- +goose Up

-- How many submit_sm the whole message is on the attempt's SMSC; null in rows from before: as many as its message has.
ALTER TABLE harkara.attempt ADD COLUMN parts smallint;

-- user_ref is the user_message_reference of a segment that no message id names (in doubt, or accepted without one), so
-- that a receipt can be found to be about it; null in all other rows, which are therefore not in the indexes.
ALTER TABLE harkara.attempt ADD COLUMN user_ref integer;
ALTER TABLE harkara.answer ADD COLUMN user_ref integer;
CREATE INDEX attempt_user_ref ON harkara.attempt (smsc, user_ref, answered_at) WHERE user_ref IS NOT NULL;
CREATE INDEX answer_user_ref ON harkara.answer (smsc, user_ref, answered_at) WHERE user_ref IS NOT NULL;

-- What a receipt repeats of the submit_sm, and the keyed digest of the handset's number; null where the SMSC does not.
ALTER TABLE harkara.receipt ADD COLUMN user_ref integer;
ALTER TABLE harkara.receipt ADD COLUMN from_digest bytea;
CREATE INDEX receipt_user_ref ON harkara.receipt (smsc, user_ref) WHERE key IS NULL AND user_ref IS NOT NULL;

-- Answers are written in about the order that they came, so a summary of each stretch of pages finds those of an hour.
CREATE INDEX attempt_answered ON harkara.attempt USING brin (answered_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX answer_answered ON harkara.answer USING brin (answered_at) WITH (pages_per_range = 32, autosummarize = on);

-- +goose Down
DROP INDEX harkara.attempt_answered, harkara.answer_answered, harkara.receipt_user_ref, harkara.attempt_user_ref,
    harkara.answer_user_ref;
ALTER TABLE harkara.receipt DROP COLUMN user_ref, DROP COLUMN from_digest;
ALTER TABLE harkara.answer DROP COLUMN user_ref;
ALTER TABLE harkara.attempt DROP COLUMN user_ref, DROP COLUMN parts;
