package demo

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/jmoiron/sqlx"
	"log/slog"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
)

// Outcome is what a run came to. Submits and duplicates are by the simulators' books, states and receipts by the
// database, times by the tenants' clocks.
type Outcome struct {
	Requested        int     `json:"requested"`
	Submitted        int     `json:"submitted"`
	Delivered        int     `json:"delivered"`
	Undelivered      int     `json:"undelivered"`
	Refused          int     `json:"refused"`
	Rejected         int     `json:"rejected"`
	Lapsed           int     `json:"lapsed"`
	Expired          int     `json:"expired"`
	InDoubt          int     `json:"in_doubt"`
	Unreported       int     `json:"unreported"`
	Unmatched        int     `json:"unmatched_receipts"`
	DuplicateSubmits int     `json:"duplicate_submits"`
	InPostgres       int     `json:"in_postgres"`
	WallS            float64 `json:"wall_s"`
	PerSecond        float64 `json:"msgs_per_s"`
	Latency          struct {
		ToSubmit    Latency `json:"publish_to_submit"`
		ToDelivered Latency `json:"publish_to_delivered_status"`
	} `json:"latency_ms"`

	Tenants []TenantOutcome `json:"-"`
	OTP     *OTPOutcome     `json:"otp,omitempty"` // nil: no people took part
}

// TenantOutcome is one row of the outcome table.
type TenantOutcome struct {
	Tenant string
	States map[sms.State]int
}

// patience is how long a run waits when nothing moves any more.
const patience = 30 * time.Second

// Run publishes a load, waits until every request has its outcome, and counts. Progress goes to w.
func (w *World) Run(ctx context.Context, load Load, progress io.Writer) (*Outcome, error) {
	tenants := map[string]*tenantClient{}
	for _, q := range mix {
		if tenants[q.tenant] != nil {
			continue
		}
		var t *tenantClient
		var err error
		as("load", func() { t, err = w.tenant(q.tenant) })
		if err != nil {
			return nil, err
		}
		defer t.conn.Close()
		tenants[q.tenant] = t
	}
	w.arrivals.take()
	submits, duplicates := w.accepted()
	began := time.Now()
	publishing := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	as("load", func() { go func() { publishing <- w.publish(ctx, load, tenants) }() })
	err := await(ctx, load.Messages, tenants, publishing, progress)
	took := time.Since(began)
	if err != nil {
		return nil, err
	}
	out := &Outcome{Requested: load.Messages, WallS: took.Seconds(), PerSecond: float64(load.Messages) / took.Seconds()}
	var delivered []time.Duration
	for _, t := range tenants {
		t.mu.Lock()
		delivered = append(delivered, t.delivered...)
		t.mu.Unlock()
	}
	out.Latency.ToSubmit, out.Latency.ToDelivered = latencyOf(w.arrivals.take()), latencyOf(delivered)
	out.Submitted, out.DuplicateSubmits = w.accepted()
	out.Submitted, out.DuplicateSubmits = out.Submitted-submits, out.DuplicateSubmits-duplicates
	return out, w.count(ctx, load, out)
}

// accepted is how many submit_sm the simulators took, and how many of them were copies, by their own books.
func (w *World) accepted() (submits, duplicates int) {
	for _, s := range w.SMSCs {
		c := s.Counters()
		submits, duplicates = submits+int(c.Accepted), duplicates+int(c.Duplicates)
	}
	return submits, duplicates
}

// await watches the tenants until all have their outcomes. It gives up when nothing moves any more.
func await(ctx context.Context, n int, tenants map[string]*tenantClient, publishing <-chan error, progress io.Writer) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	moved, before, shown := time.Now(), -1, time.Now()
	done := false
	for {
		select {
		case err := <-publishing:
			if err != nil {
				return err
			}
			done, publishing = true, nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		published, submitted, final := 0, 0, 0
		for _, t := range tenants {
			p, s, f := t.progress()
			published, submitted, final = published+p, submitted+s, final+f
		}
		if sum := published + submitted + final; sum != before {
			before, moved = sum, time.Now()
		}
		finished := done && final == n
		if time.Since(shown) > time.Second || finished {
			fmt.Fprintf(progress, "requested %d  submitted %d  final %d of %d\n", published, submitted, final, n)
			shown = time.Now()
		}
		if finished {
			return nil
		}
		if time.Since(moved) > patience {
			return fmt.Errorf("%d of %d requests have no outcome and nothing moved for %s", n-final, n, patience)
		}
	}
}

// count fills in what the database says.
func (w *World) count(ctx context.Context, load Load, out *Outcome) error {
	db, closeDB, err := app.OpenDatabase(ctx, w.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer closeDB()
	// Statuses go out before their batch is committed: the last one may still be on its way into the database.
	ids := load.idPrefix() + "%"
	if err := settled(ctx, db, ids, out.Requested); err != nil {
		return err
	}
	var rows []struct {
		Tenant string    `db:"tenant"`
		State  sms.State `db:"state"`
		N      int       `db:"n"`
	}
	if err := db.SelectContext(ctx, &rows, `SELECT tenant, state, count(*) AS n FROM harkara.v_message
		WHERE id LIKE $1 GROUP BY 1, 2 ORDER BY 1, 2`, ids); err != nil {
		return fmt.Errorf("count messages: %w", err)
	}
	fields := map[sms.State]*int{sms.Delivered: &out.Delivered, sms.Undelivered: &out.Undelivered, sms.Refused: &out.Refused,
		sms.Rejected: &out.Rejected, sms.Lapsed: &out.Lapsed, sms.Expired: &out.Expired, sms.InDoubt: &out.InDoubt,
		sms.Unreported: &out.Unreported}
	for _, r := range rows {
		out.InPostgres += r.N
		if field := fields[r.State]; field != nil {
			*field += r.N
		}
		if len(out.Tenants) == 0 || out.Tenants[len(out.Tenants)-1].Tenant != r.Tenant {
			out.Tenants = append(out.Tenants, TenantOutcome{Tenant: r.Tenant, States: map[sms.State]int{}})
		}
		out.Tenants[len(out.Tenants)-1].States[r.State] += r.N
	}
	if err := db.GetContext(ctx, &out.Unmatched, `SELECT count(*) FROM harkara.v_receipt WHERE id IS NULL`); err != nil {
		return fmt.Errorf("count receipts: %w", err)
	}
	return nil
}

// settled waits until no message of the database is still on its way.
func settled(ctx context.Context, db *sqlx.DB, ids string, n int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var ended int
		err := db.GetContext(ctx, &ended, `SELECT count(*) FROM harkara.v_message
			WHERE id LIKE $1 AND state NOT IN ('planned', 'submitted')`, ids)
		if err != nil {
			return fmt.Errorf("count messages: %w", err)
		}
		if ended >= n {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d messages are in the database as ended after %s", ended, n, patience)
		}
	}
}

// Ended is how many messages of the database have an outcome.
func (o *Outcome) Ended() int {
	return o.Delivered + o.Undelivered + o.Refused + o.Rejected + o.Lapsed + o.Expired + o.InDoubt + o.Unreported
}

// Accounted says whether every request has exactly one outcome in the database.
func (o *Outcome) Accounted() bool { return o.InPostgres == o.Requested && o.Ended() == o.Requested }
