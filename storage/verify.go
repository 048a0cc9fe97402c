package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/storage/ledger"
)

// Difference is one thing that a table says otherwise than the ledger.
type Difference struct {
	Table  string  `json:"table"`
	Key    string  `json:"key"`
	Tenant string  `json:"tenant,omitempty"`
	ID     string  `json:"id,omitempty"` // of the request
	Column string  `json:"column,omitempty"`
	Have   *string `json:"have"` // what the table says; null: nothing
	Want   *string `json:"want"` // what the ledger says; null: nothing
	What   string  `json:"what"` // changed, missing (the ledger has the row), added (the ledger has it not)
}

// Compared says what VerifyTables has looked at.
type Compared struct {
	Position ledger.Position `json:"position"` // the ledger and the tables as they stood here
	Messages time.Time       `json:"messages_since"`
	Receipts time.Time       `json:"receipts_since"` // older rows are gone, or their frames are
	Rows     map[string]int  `json:"rows"`           // of the tables, by kind
}

// VerifyTables projects the ledger into an empty database and yields every difference to what the tables say. Rows of
// days that are over by keep, or of days before the ledger's oldest frame, are left out; so are digests and sealed numbers
// that were blanked or made anew where the ledger says that something was shredded. It works while the gateway does: the tables are compared as they stand at one moment, and the
// ledger is projected just as far.
func VerifyTables(ctx context.Context, l *ledger.Ledger, have, empty *sqlx.DB, keep Retention, yield func(Difference) bool) (c Compared, err error) {
	start, err := Projected(ctx, have.DB)
	if err != nil {
		return c, err
	}
	if err := Migrate(ctx, empty.DB); err != nil {
		return c, err
	}
	if err := replayTo(ctx, l, empty.DB, start); err != nil { // most of it, before anything is held open
		return c, err
	}
	haveTx, position, err := snapshotBetweenFrames(ctx, have)
	if err != nil {
		return c, err
	}
	defer haveTx.Rollback() // it was only read
	if err := replayTo(ctx, l, empty.DB, position); err != nil {
		return c, err
	}
	wantTx, err := snapshot(ctx, empty)
	if err != nil {
		return c, err
	}
	defer wantTx.Rollback()
	c = Compared{Position: position, Messages: daysFrom(keep.Messages), Receipts: daysFrom(keep.Receipts)}
	first, at, err := l.Oldest(ctx)
	if err != nil {
		return c, err
	}
	since := bounds{messages: c.Messages, receipts: c.Receipts, early: c.Receipts, otp: c.Messages}
	if first > 1 { // of younger messages all frames are there
		since = since.from(dayOf(at).AddDate(0, 0, 1))
		c.Messages, c.Receipts = since.messages, since.receipts
	}
	gone, err := shreddings(ctx, l, position)
	if err != nil {
		return c, err
	}
	c.Rows, err = compare(ctx, haveTx, wantTx, since, gone, yield)
	return c, err
}

// daysFrom is the first day whose rows are kept for certain while they are compared.
func daysFrom(keep time.Duration) time.Time {
	if keep == 0 {
		keep = defaultRetention
	}
	return dayOf(time.Now().Add(-keep)).AddDate(0, 0, 1)
}

// snapshotBetweenFrames takes a snapshot in which no frame is half projected, as one with an event that is being parked is.
func snapshotBetweenFrames(ctx context.Context, db *sqlx.DB) (*sqlx.Tx, ledger.Position, error) {
	for range 100 {
		tx, err := snapshot(ctx, db)
		if err != nil {
			return nil, 0, err
		}
		var position int64
		var done int
		if err := tx.QueryRowContext(ctx, `SELECT position, done FROM harkara.projection WHERE partition = 0`).Scan(&position, &done); err != nil {
			tx.Rollback() // the error before says more
			return nil, 0, fmt.Errorf("read how far the projection has come: %w", err)
		}
		if done == 0 {
			return tx, ledger.Position(position), nil
		}
		tx.Rollback() // it was only read
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return nil, 0, err
		}
	}
	return nil, 0, errors.New("the projection stands in the middle of a frame: see that the gateway projects, then try again")
}

// bounds are the days from which rows are compared.
type bounds struct {
	messages time.Time
	receipts time.Time // those of a message, by the day of that
	early    time.Time // those that found no message, by their own
	otp      time.Time // events of challenges, by their own
}

// from moves the bounds to where all frames are there. A receipt may find a segment, and another that one's answer, each
// a good while later; so receipts that came within that time may be of messages whose frames are gone.
// So may events of challenges that come of those messages.
func (b bounds) from(whole time.Time) bounds {
	return bounds{later(b.messages, whole), later(b.receipts, whole), later(b.early, whole.Add(2*reuseAfter)),
		later(b.otp, whole.Add(oldestReported))}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// compare yields every difference of what two databases say, and counts the rows of the first.
func compare(ctx context.Context, have, want *sqlx.Tx, since bounds, gone *shredded, yield func(Difference) bool) (map[string]int, error) {
	c := comparison{gone: gone, messages: keyFrom(since.messages).String(), yield: yield}
	counts := map[string]int{}
	for i := range books {
		from := since.messages
		switch books[i].name {
		case "v_receipt":
			from = since.receipts
		case "receipt_early":
			from = since.early
		case "v_otp_event":
			from = since.otp
		}
		n, err := c.book(books[i].rows(ctx, have, from), books[i].rows(ctx, want, from))
		if err != nil || c.ended {
			return counts, err
		}
		counts[books[i].name] = n
	}
	return counts, nil
}

// comparison is one run of compare.
type comparison struct {
	gone     *shredded
	messages string // the key from which on messages are there
	yield    func(Difference) bool
	ended    bool // nobody wants more
}

// book walks through two lists of rows in step.
func (c *comparison) book(have, want iter.Seq2[*bookRow, error]) (n int, err error) {
	nextHave, stopHave := iter.Pull2(have)
	defer stopHave()
	nextWant, stopWant := iter.Pull2(want)
	defer stopWant()
	h, errHave, moreHave := nextHave()
	w, errWant, moreWant := nextWant()
	for !c.ended && (moreHave || moreWant) {
		if err := errors.Join(errHave, errWant); err != nil {
			return n, err
		}
		order := 0
		switch {
		case !moreHave:
			order = 1
		case !moreWant:
			order = -1
		default:
			order = h.compare(w)
		}
		switch {
		case order < 0:
			c.tell(h, "added", "", nil, nil)
		case order > 0:
			c.tell(w, "missing", "", nil, nil)
		default:
			c.row(h, w)
		}
		if order <= 0 {
			n++
			h, errHave, moreHave = nextHave()
		}
		if order >= 0 {
			w, errWant, moreWant = nextWant()
		}
	}
	return n, errors.Join(errHave, errWant)
}

// row compares two rows of one key.
func (c *comparison) row(h, w *bookRow) {
	for i := h.book.key; i < len(h.cells); i++ {
		if h.cells[i] == w.cells[i] || c.excused(h, w, h.names[i]) {
			continue
		}
		c.tell(h, "changed", h.names[i], &h.cells[i], &w.cells[i])
	}
}

// excused says whether a column may differ: what was sealed, where the ledger has a shredding of it; and what receipts
// have from their messages, where those are kept for a shorter time.
func (c *comparison) excused(h, w *bookRow, column string) bool {
	switch {
	case sealedColumns[column]:
		return c.gone.excuses(h, w, column)
	case h.book.name == "v_receipt" && (column == "tenant" || column == "id"):
		return h.cells[0].String < c.messages
	}
	return false
}

func (c *comparison) tell(r *bookRow, what, column string, have, want *sql.NullString) {
	d := Difference{Table: r.book.name, Key: r.keyText(), Tenant: r.cell("tenant"), ID: r.cell("id"), Column: column, What: what,
		Have: textOf(have), Want: textOf(want)}
	c.ended = c.ended || !c.yield(d)
}

func textOf(cell *sql.NullString) *string {
	if cell == nil || !cell.Valid {
		return nil
	}
	text := cell.String
	return &text
}
