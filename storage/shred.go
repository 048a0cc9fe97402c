package storage

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// shredMonth is how the ledger writes a month.
const shredMonth = "2006-01"

// unfitShred says why a shredding cannot be projected; empty where it can.
func unfitShred(s *ledger.Shred) string {
	if s == nil {
		return "a shredding that says nothing"
	}
	if _, err := time.Parse(shredMonth, s.Month); err != nil {
		return fmt.Sprintf("month %q", s.Month)
	}
	return ""
}

// shreds says whether an event takes something out of rows. That of a whole month does not: its key is gone, and what
// it sealed is noise.
func (it *item) shreds() bool {
	return it.err == nil && it.event.Kind == ledger.Shredded && it.event.Shred != nil && len(it.event.Shred.Keys) > 0
}

// shred takes what tells of a number out of the messages to it, which the event lists: what they were sealed with may be
// another key by now than that of their frames.
func shred(ctx context.Context, tx *sql.Tx, s *ledger.Shred) error {
	keys := make([]string, len(s.Keys))
	for i, k := range s.Keys {
		keys[i] = k.String()
	}
	order := func(a, b sms.Key) int { return bytes.Compare(a[:], b[:]) }
	_, err := tx.ExecContext(ctx, `UPDATE harkara.message SET to_digest = NULL, to_sealed = NULL, text_digest = NULL, to_last4 = ''
		WHERE key = ANY($1::uuid[]) AND key BETWEEN $2 AND $3`,
		pq.Array(keys), slices.MinFunc(s.Keys, order), slices.MaxFunc(s.Keys, order))
	if err != nil {
		return fmt.Errorf("shred a number: %w", err)
	}
	return nil
}
