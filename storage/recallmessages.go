package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// recallMessages brings messages with their attempts into memory, those that exist.
func recallMessages(ctx context.Context, conn *sql.Conn, w *memory, keys map[sms.Key]bool) (int, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	texts := make([]string, 0, len(keys))
	for key := range keys {
		texts = append(texts, key.String())
	}
	low, high := keySpan(keys)
	wanted := wantedKeys{pq.Array(texts), low, high}
	messages, err := readMessages(ctx, conn, wanted)
	if err != nil {
		return 0, fmt.Errorf("look up messages: %w", err)
	}
	if err := readAttempts(ctx, conn, wanted, messages); err != nil {
		return 0, fmt.Errorf("look up attempts: %w", err)
	}
	if err := readReceipts(ctx, conn, wanted, messages); err != nil {
		return 0, fmt.Errorf("look up receipts: %w", err)
	}
	for _, m := range messages {
		w.add(m)
		for _, a := range m.attempts {
			for i := range a.segments {
				switch s := &a.segments[i]; {
				case unnamed(&s.answer):
					w.doubt(m, a, s)
				case s.accepted():
					w.name(m, a, s)
				}
			}
		}
	}
	return len(messages), nil
}

// wantedKeys are the arguments of a look-up by keys: $1 is the list, $2 and $3 the lowest and highest of it, by which the
// planner finds the days.
type wantedKeys [3]any

// readMessages goes from key to key, as readAttempts and readReceipts do: the inner LIMIT or ORDER BY keeps the planner,
// which may know nothing yet of a fresh table, from reading all between the lowest and the highest key once, or for each.
func readMessages(ctx context.Context, conn *sql.Conn, keys wantedKeys) (map[sms.Key]*message, error) {
	found, err := conn.QueryContext(ctx, `
		SELECT m.key, m.tenant, m.id, m.ref, m.class, m.template, m.header, m.entity, m.category, m.requested_at, m.segments, m.to_last4, m.to_mark,
		       s.state, s.smsc, s.submitted_at, s.final_at, s.possible_duplicate, s.error_stage, s.error_code, s.error_reason, s.error_detail, s.error_retryable
		FROM unnest($1::uuid[]) AS q(key)
		CROSS JOIN LATERAL (SELECT * FROM harkara.message WHERE key = q.key AND key BETWEEN $2 AND $3 LIMIT 1) m
		CROSS JOIN LATERAL (
			SELECT t.fact, t.state, t.smsc, t.submitted_at, t.final_at, t.possible_duplicate, t.error_stage, t.error_code, t.error_reason, t.error_detail, t.error_retryable
			FROM harkara.transition t WHERE t.key = q.key AND t.key BETWEEN $2 AND $3
			UNION ALL
			SELECT m.fact, m.state, m.smsc, m.submitted_at, m.final_at, m.possible_duplicate, m.error_stage, m.error_code, m.error_reason, m.error_detail, m.error_retryable
			ORDER BY fact DESC LIMIT 1
		) s`, keys[:]...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	messages := map[sms.Key]*message{}
	for found.Next() {
		m := &message{stored: true}
		f, n := &m.facts, &m.now
		var smsc, stage, code, reason, detail sql.NullString
		var submitted, ended sql.NullTime
		var retryable sql.NullBool
		var mark sql.NullInt16
		if err := found.Scan(&m.key, &f.Tenant, &f.ID, &f.Ref, &f.Class, &f.Template, &f.Header, &f.Entity, &f.Category, &f.Requested, &f.Segments, &f.ToLast4, &mark,
			&n.State, &smsc, &submitted, &ended, &n.PossibleDuplicate, &stage, &code, &reason, &detail, &retryable); err != nil {
			return nil, err
		}
		n.SMSC, n.SubmittedAt, n.FinalAt = sms.SMSCID(smsc.String), microsOf(submitted), microsOf(ended)
		n.Failure = sms.Failure{Stage: sms.Stage(stage.String), Code: code.String, Reason: reason.String, Detail: detail.String, Retryable: retryable.Bool}
		m.written, f.ToMark = m.now, uint8(mark.Int16)
		messages[m.key] = m
	}
	return messages, found.Err()
}

func microsOf(t sql.NullTime) int64 {
	if !t.Valid {
		return 0
	}
	return t.Time.UnixMicro()
}

func readAttempts(ctx context.Context, conn *sql.Conn, keys wantedKeys, messages map[sms.Key]*message) error {
	found, err := conn.QueryContext(ctx, `
		SELECT a.key, a.attempt, a.segment, a.smsc, a.planned_at, a.parts, a.possible_duplicate, s.answered_at, s.status, s.verdict, s.message_id, s.raw_id
		FROM unnest($1::uuid[]) AS q(key)
		CROSS JOIN LATERAL (SELECT * FROM harkara.attempt WHERE key = q.key AND key BETWEEN $2 AND $3 ORDER BY attempt, segment) a
		CROSS JOIN LATERAL (
			SELECT n.fact, n.answered_at, n.status, n.verdict, n.message_id, n.raw_id
			FROM harkara.answer n WHERE n.key = a.key AND n.key BETWEEN $2 AND $3 AND n.attempt = a.attempt AND n.segment = a.segment
			UNION ALL
			SELECT 0, a.answered_at, a.status, a.verdict, a.message_id, a.raw_id
			ORDER BY fact DESC LIMIT 1
		) s`, keys[:]...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var key sms.Key
		var number int
		var smsc sms.SMSCID
		var plannedAt, answeredAt sql.NullTime
		var parts sql.NullInt16
		var duplicate bool
		var id, raw sql.NullString
		s := segment{stored: true}
		if err := found.Scan(&key, &number, &s.index, &smsc, &plannedAt, &parts, &duplicate, &answeredAt, &s.answer.Status, &s.answer.Verdict, &id, &raw); err != nil {
			return err
		}
		s.answer.Segment, s.answer.MessageID, s.answer.RawID, s.answer.At = s.index, sms.MessageID(id.String), raw.String, answeredAt.Time
		s.billed = billOf(s.answer.Verdict)
		if s.answer.Verdict == planned {
			s.answer = ledger.Answer{}
		}
		m := messages[key]
		if m == nil {
			return errors.New("an attempt without a message")
		}
		a := m.attempt(number)
		if a == nil {
			a = &attempt{number: number, smsc: smsc, plannedAt: microsOf(plannedAt), parts: int(parts.Int16), duplicate: duplicate}
			m.attempts = append(m.attempts, a)
		}
		a.segments = append(a.segments, s)
	}
	return found.Err()
}

func readReceipts(ctx context.Context, conn *sql.Conn, keys wantedKeys, messages map[sms.Key]*message) error {
	found, err := conn.QueryContext(ctx, `
		SELECT r.key, r.attempt, r.segment, r.state, r.stat, r.err, r.reason, r.retryable
		FROM unnest($1::uuid[]) AS q(key)
		CROSS JOIN LATERAL (SELECT * FROM harkara.receipt WHERE key = q.key AND key BETWEEN $2 AND $3 ORDER BY given, fact) r
		ORDER BY r.given, r.fact`, keys[:]...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var key sms.Key
		var number, index int
		var state sms.State
		var stat, code, reason string
		var retryable bool
		if err := found.Scan(&key, &number, &index, &state, &stat, &code, &reason, &retryable); err != nil {
			return err
		}
		state, failure := verdict(state, stat, code, reason, retryable)
		if m := messages[key]; m != nil {
			m.keepReport(number, index, state, failure)
		}
	}
	return found.Err()
}
