package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// recall brings into memory what the events of a batch are about and memory does not hold: one look-up for the
// receipts' segments, one for the messages. A message that an event introduces is taken for new, unless strict says
// that it may be there already. It returns how many messages it found.
func recall(ctx context.Context, conn *sql.Conn, w *memory, items []item, strict bool) (int, error) {
	keys := map[sms.Key]bool{}
	introduced := map[sms.Key]bool{}
	answered := map[handle]bool{}
	var receipts []item
	var answers []handle
	for _, it := range items {
		switch e := it.event; {
		case it.err != nil:
		case e.Kind == ledger.Receipt:
			if e.Report != nil {
				receipts = append(receipts, it)
			}
		default:
			fresh := e.Facts != nil && e.Attempt <= 1 && !strict
			if _, ok := w.messages[e.Key]; !ok && !fresh && !introduced[e.Key] {
				keys[e.Key] = true
			}
			introduced[e.Key] = true
			for _, a := range e.Answers {
				if h := (handle{e.SMSC, a.MessageID}); h.id != "" {
					answered[h] = true
					answers = append(answers, h)
				}
			}
		}
	}
	var unknown []item
	for _, it := range receipts {
		h := handle{it.event.Report.SMSC, it.event.Report.MessageID}
		if _, ok := w.find(h, it.event.At); !ok && !answered[h] && h.id != "" {
			unknown = append(unknown, it)
		}
	}
	if err := recallHandles(ctx, conn, unknown, keys); err != nil {
		return 0, err
	}
	for key := range keys {
		if w.messages[key] != nil {
			delete(keys, key)
		}
	}
	found, err := recallMessages(ctx, conn, w, keys)
	if err != nil {
		return 0, err
	}
	if w.earlyLost && len(answers) > 0 {
		return found, recallEarly(ctx, conn, w, answers)
	}
	return found, nil
}

// recallHandles adds the keys of the messages that the receipts may be about.
func recallHandles(ctx context.Context, conn *sql.Conn, receipts []item, keys map[sms.Key]bool) error {
	if len(receipts) == 0 {
		return nil
	}
	var smscs, ids []string
	var since []time.Time
	for _, it := range receipts {
		smscs = append(smscs, string(it.event.Report.SMSC))
		ids = append(ids, string(it.event.Report.MessageID))
		since = append(since, it.event.At.Add(-reuseAfter))
	}
	found, err := conn.QueryContext(ctx, `
		SELECT c.key FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS q(smsc, message_id, since)
		CROSS JOIN LATERAL (
			SELECT key, answered_at FROM harkara.attempt a
			WHERE a.message_id = q.message_id AND a.smsc = q.smsc AND a.message_id IS NOT NULL AND a.answered_at >= q.since
			UNION ALL
			SELECT key, answered_at FROM harkara.answer n
			WHERE n.message_id = q.message_id AND n.smsc = q.smsc AND n.message_id IS NOT NULL AND n.answered_at >= q.since
			ORDER BY answered_at DESC LIMIT 1
		) c`, pq.Array(smscs), pq.Array(ids), pq.Array(timestamps(since)))
	if err != nil {
		return fmt.Errorf("look up receipts: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var key sms.Key
		if err := found.Scan(&key); err != nil {
			return fmt.Errorf("look up receipts: %w", err)
		}
		keys[key] = true
	}
	return found.Err()
}

func timestamps(times []time.Time) []string {
	texts := make([]string, len(times))
	for i, t := range times {
		texts[i] = t.UTC().Format(time.RFC3339Nano)
	}
	return texts
}

// recallMessages brings messages with their attempts into memory, those that exist.
func recallMessages(ctx context.Context, conn *sql.Conn, w *memory, keys map[sms.Key]bool) (int, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	texts := make([]string, 0, len(keys))
	for key := range keys {
		texts = append(texts, key.String())
	}
	list := pq.Array(texts)
	messages, err := readMessages(ctx, conn, list)
	if err != nil {
		return 0, fmt.Errorf("look up messages: %w", err)
	}
	if err := readAttempts(ctx, conn, list, messages); err != nil {
		return 0, fmt.Errorf("look up attempts: %w", err)
	}
	if err := readReceipts(ctx, conn, list, messages); err != nil {
		return 0, fmt.Errorf("look up receipts: %w", err)
	}
	for _, m := range messages {
		w.add(m)
		for _, a := range m.attempts {
			for i := range a.segments {
				if s := &a.segments[i]; s.accepted() && s.answer.MessageID != "" {
					w.name(m, a, s)
				}
			}
		}
	}
	return len(messages), nil
}

func readMessages(ctx context.Context, conn *sql.Conn, keys any) (map[sms.Key]*message, error) {
	found, err := conn.QueryContext(ctx, `
		SELECT m.key, m.tenant, m.id, m.ref, m.class, m.template, m.header, m.segments, m.to_last4,
		       s.state, s.smsc, s.submitted_at, s.final_at, s.possible_duplicate, s.error_stage, s.error_code, s.error_reason, s.error_detail, s.error_retryable
		FROM unnest($1::uuid[]) AS q(key)
		JOIN harkara.message m ON m.key = q.key
		CROSS JOIN LATERAL (
			SELECT t.fact, t.state, t.smsc, t.submitted_at, t.final_at, t.possible_duplicate, t.error_stage, t.error_code, t.error_reason, t.error_detail, t.error_retryable
			FROM harkara.transition t WHERE t.key = q.key
			UNION ALL
			SELECT m.fact, m.state, m.smsc, m.submitted_at, m.final_at, m.possible_duplicate, m.error_stage, m.error_code, m.error_reason, m.error_detail, m.error_retryable
			ORDER BY fact DESC LIMIT 1
		) s`, keys)
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
		if err := found.Scan(&m.key, &f.Tenant, &f.ID, &f.Ref, &f.Class, &f.Template, &f.Header, &f.Segments, &f.ToLast4,
			&n.State, &smsc, &submitted, &ended, &n.PossibleDuplicate, &stage, &code, &reason, &detail, &retryable); err != nil {
			return nil, err
		}
		n.SMSC, n.SubmittedAt, n.FinalAt = sms.SMSCID(smsc.String), microsOf(submitted), microsOf(ended)
		n.Failure = sms.Failure{Stage: sms.Stage(stage.String), Code: code.String, Reason: reason.String, Detail: detail.String, Retryable: retryable.Bool}
		m.written = m.now
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

func readAttempts(ctx context.Context, conn *sql.Conn, keys any, messages map[sms.Key]*message) error {
	found, err := conn.QueryContext(ctx, `
		SELECT a.key, a.attempt, a.segment, a.smsc, a.planned_at, s.answered_at, s.status, s.verdict, s.message_id, s.raw_id
		FROM unnest($1::uuid[]) AS q(key)
		JOIN harkara.attempt a ON a.key = q.key
		CROSS JOIN LATERAL (
			SELECT n.fact, n.answered_at, n.status, n.verdict, n.message_id, n.raw_id
			FROM harkara.answer n WHERE n.key = a.key AND n.attempt = a.attempt AND n.segment = a.segment
			UNION ALL
			SELECT 0, a.answered_at, a.status, a.verdict, a.message_id, a.raw_id
			ORDER BY fact DESC LIMIT 1
		) s
		ORDER BY a.key, a.attempt, a.segment`, keys)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var key sms.Key
		var number int
		var smsc sms.SMSCID
		var plannedAt, answeredAt sql.NullTime
		var id, raw sql.NullString
		s := segment{stored: true}
		if err := found.Scan(&key, &number, &s.index, &smsc, &plannedAt, &answeredAt, &s.answer.Status, &s.answer.Verdict, &id, &raw); err != nil {
			return err
		}
		s.answer.Segment, s.answer.MessageID, s.answer.RawID, s.answer.At = s.index, sms.MessageID(id.String), raw.String, answeredAt.Time
		if s.answer.Verdict == planned {
			s.answer = ledger.Answer{}
		}
		m := messages[key]
		if m == nil {
			return errors.New("an attempt without a message")
		}
		a := m.attempt(number)
		if a == nil {
			a = &attempt{number: number, smsc: smsc, plannedAt: microsOf(plannedAt)}
			m.attempts = append(m.attempts, a)
		}
		a.segments = append(a.segments, s)
	}
	return found.Err()
}

func readReceipts(ctx context.Context, conn *sql.Conn, keys any, messages map[sms.Key]*message) error {
	found, err := conn.QueryContext(ctx, `
		SELECT r.key, r.attempt, r.segment, r.state FROM unnest($1::uuid[]) AS q(key) JOIN harkara.receipt r ON r.key = q.key AND r.key IS NOT NULL
		UNION ALL
		SELECT x.key, x.attempt, x.segment, r.state FROM unnest($1::uuid[]) AS q(key)
		JOIN harkara.receipt_match x ON x.key = q.key JOIN harkara.receipt r ON r.fact = x.receipt`, keys)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var key sms.Key
		var number, index int
		var state sms.State
		if err := found.Scan(&key, &number, &index, &state); err != nil {
			return err
		}
		state, _ = verdict(state, "", "", "")
		if m := messages[key]; m != nil {
			m.keepReport(number, index, state)
		}
	}
	return found.Err()
}

// earlySelect finds receipts that no attempt was found for, as they were when $1 was the limit of their age.
const earlySelect = `
	SELECT r.fact, r.smsc, r.message_id, r.received_at, r.state, r.stat, r.err, r.reason FROM harkara.receipt r
	WHERE r.key IS NULL AND r.message_id <> '' AND NOT EXISTS (SELECT FROM harkara.receipt_match x WHERE x.receipt = r.fact)`

// recallEarlyReceipts fills a new memory with the receipts that still wait for their attempt.
func recallEarlyReceipts(ctx context.Context, conn *sql.Conn, w *memory, now time.Time) error {
	found, err := conn.QueryContext(ctx, earlySelect+` AND r.received_at >= $1 ORDER BY r.fact DESC LIMIT $2`, now.Add(-reuseAfter), w.earlyLimit+1)
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	waiting, handles, err := scanEarly(found)
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	for i := len(waiting) - 1; i >= 0; i-- { // oldest first
		w.wait(handles[i], waiting[i])
	}
	return nil
}

// recallEarly finds the receipts that memory lost and that the answers of a batch are about.
func recallEarly(ctx context.Context, conn *sql.Conn, w *memory, answers []handle) error {
	var smscs, ids []string
	for _, h := range answers {
		smscs = append(smscs, string(h.smsc))
		ids = append(ids, string(h.id))
	}
	found, err := conn.QueryContext(ctx, earlySelect+` AND (r.message_id, r.smsc) IN (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY r.fact`,
		pq.Array(ids), pq.Array(smscs))
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	waiting, handles, err := scanEarly(found)
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	for i, e := range waiting {
		if !slices.ContainsFunc(w.earlyReceipts[handles[i]], func(kept early) bool { return kept.fact == e.fact }) {
			w.wait(handles[i], e)
		}
	}
	return nil
}

func scanEarly(found *sql.Rows) (waiting []early, handles []handle, err error) {
	defer found.Close()
	for found.Next() {
		var e early
		var h handle
		var state sms.State
		var stat, code, reason string
		if err := found.Scan(&e.fact, &h.smsc, &h.id, &e.at, &state, &stat, &code, &reason); err != nil {
			return nil, nil, err
		}
		e.state, e.failure = verdict(state, stat, code, reason)
		waiting, handles = append(waiting, e), append(handles, h)
	}
	return waiting, handles, found.Err()
}
