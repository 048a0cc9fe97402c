package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lib/pq"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// recall brings into memory what the events of a batch are about and memory does not hold: one look-up for the
// receipts' segments, one for the messages. A message that its first attempt introduces is taken for new, unless strict
// says that it may be there already. One that ends without an attempt is looked up: its request may have been delivered
// twice, and the tenant is to be told once. It returns how many messages it found.
func recall(ctx context.Context, conn *sql.Conn, w *memory, items []item, strict bool) (int, error) {
	keys := map[sms.Key]bool{}
	introduced := map[sms.Key]bool{}
	answered := map[handle]bool{}
	var receipts []item
	var answers []handle
	var doubted []reference
	for _, it := range items {
		switch e := it.event; {
		case it.err != nil:
		case e.Kind == ledger.Receipt:
			if e.Report != nil {
				receipts = append(receipts, it)
			}
		case e.Kind == ledger.OneTime: // all that is to be known is in it
		default:
			fresh := e.Kind == ledger.Planned && e.Facts != nil && e.Attempt == 1 && !strict
			if _, ok := w.messages[e.Key]; !ok && !fresh && !introduced[e.Key] {
				keys[e.Key] = true
			}
			introduced[e.Key] = true
			for _, a := range e.Answers {
				if h := (handle{e.SMSC, a.MessageID}); h.id != "" {
					answered[h] = true
					answers = append(answers, h)
				} else if e.Kind != ledger.Planned {
					doubted = append(doubted, reference{e.SMSC, sms.UserReference(e.Key, e.Attempt, a.Segment)})
				}
			}
		}
	}
	var unknown, referring []item
	for _, it := range receipts {
		h := handle{it.event.Report.SMSC, it.event.Report.MessageID}
		if _, ok := w.find(h, it.event.At); ok {
			continue
		}
		if !answered[h] && h.id != "" {
			unknown = append(unknown, it)
		}
		if it.event.Report.UserRef != 0 {
			referring = append(referring, it)
			if h.id != "" {
				answers = append(answers, h) // where it finds a segment by its reference, it names it
			}
		}
	}
	if err := recallHandles(ctx, conn, unknown, keys); err != nil {
		return 0, err
	}
	named, err := recallDoubts(ctx, conn, w, referring, doubted, earlySince(items), keys)
	if err != nil {
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
	if answers = append(answers, named...); w.early.lost && len(answers) > 0 {
		return found, recallEarly(ctx, conn, w, answers, earlySince(items))
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
	earliest := receipts[0].event.At
	for _, it := range receipts {
		smscs = append(smscs, string(it.event.Report.SMSC))
		ids = append(ids, string(it.event.Report.MessageID))
		since = append(since, it.event.At.Add(-reuseAfter))
		if it.event.At.Before(earliest) {
			earliest = it.event.At
		}
	}
	found, err := conn.QueryContext(ctx, `
		SELECT c.key FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS q(smsc, message_id, since)
		CROSS JOIN LATERAL (
			SELECT key, answered_at FROM harkara.attempt a
			WHERE a.message_id = q.message_id AND a.smsc = q.smsc AND a.message_id IS NOT NULL AND a.answered_at >= q.since
			AND a.key >= $4
			UNION ALL
			SELECT key, answered_at FROM harkara.answer n
			WHERE n.message_id = q.message_id AND n.smsc = q.smsc AND n.message_id IS NOT NULL AND n.answered_at >= q.since
			AND n.key >= $4
			ORDER BY answered_at DESC LIMIT 1
		) c`, pq.Array(smscs), pq.Array(ids), pq.Array(timestamps(since)), KeyAt(earliest.Add(-oldestReported)))
	if err == nil {
		err = addKeys(found, keys)
	}
	if err != nil {
		return fmt.Errorf("look up receipts: %w", err)
	}
	return nil
}

// addKeys adds the keys of messages that were found, and closes found.
func addKeys(found *sql.Rows, keys map[sms.Key]bool) error {
	defer found.Close()
	for found.Next() {
		var key sms.Key
		if err := found.Scan(&key); err != nil {
			return err
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
