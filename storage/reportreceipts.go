package storage

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/smpp/sms"
)

// UnmatchedFilter chooses receipts that found no message; an empty field chooses all.
type UnmatchedFilter struct {
	From, To time.Time // received in [From, To)
	SMSC     sms.SMSCID
}

// UnmatchedReceipt is a receipt that is kept until an answer names its message id. Stat and Err are as the SMSC wrote
// them; ReceivedAt is in UTC.
type UnmatchedReceipt struct {
	SMSC       sms.SMSCID    `json:"smsc"`
	MessageID  sms.MessageID `json:"message_id"`
	Stat       string        `json:"stat"`
	Err        string        `json:"err"`
	ReceivedAt time.Time     `json:"received_at"`
}

// Unmatched yields the receipts that found no message, oldest first, like Messages.
func Unmatched(ctx context.Context, db *sqlx.DB, f UnmatchedFilter) iter.Seq2[UnmatchedReceipt, error] {
	return inSnapshot(ctx, db, "report receipts", func(ctx context.Context, tx *sqlx.Tx, emit func(UnmatchedReceipt) error) error {
		var w where
		w.between("received_at", f.From, f.To)
		w.equal("smsc", string(f.SMSC))
		return each(ctx, tx, "SELECT smsc, message_id, stat, err, received_at FROM harkara.v_unmatched"+w.String()+
			" ORDER BY received_at, smsc, message_id", w.args, func(rows *sql.Rows) error {
			var r UnmatchedReceipt
			if err := rows.Scan(&r.SMSC, &r.MessageID, &r.Stat, &r.Err, &r.ReceivedAt); err != nil {
				return err
			}
			r.ReceivedAt = r.ReceivedAt.UTC()
			return emit(r)
		})
	})
}

// unmatchedBySMSC counts the receipts that found no message so far.
func unmatchedBySMSC(ctx context.Context, tx *sqlx.Tx) (map[sms.SMSCID]int64, error) {
	counts := map[sms.SMSCID]int64{}
	err := each(ctx, tx, `SELECT smsc, count(*) FROM harkara.v_unmatched GROUP BY smsc`, nil, func(rows *sql.Rows) error {
		var smsc sms.SMSCID
		var n int64
		if err := rows.Scan(&smsc, &n); err != nil {
			return err
		}
		counts[smsc] = n
		return nil
	})
	return counts, err
}
