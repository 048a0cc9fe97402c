package crash

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"harkara/storage/ledger"
)

// storiesMax is how many requests of a round are told of whole.
const storiesMax = 3

// tell prints the violations of a round, and the whole story of the first requests that they are about.
func (w *world) tell(t *testing.T, c *checker, l *ledger.Ledger, r *round) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n", r)
	told := map[*request]bool{}
	for _, v := range c.found {
		if v.request == nil {
			fmt.Fprintf(&b, "%s: %s\n", v.rule, v.what)
			continue
		}
		fmt.Fprintf(&b, "%s: %s %s\n", v.rule, v.request.ID, v.what)
		if len(told) < storiesMax {
			told[v.request] = true
		}
	}
	for q := range told {
		w.story(t.Context(), &b, c.db, l, w.position, q)
	}
	t.Error(b.String())
}

// story is all that anybody knows of a request, each in the order of its own book.
func (w *world) story(ctx context.Context, b *strings.Builder, db *tables, l *ledger.Ledger, after ledger.Position, q *request) {
	fmt.Fprintf(b, "\n%s of %s, %s, %d segments, ttl %s, bad %t, careless %t, copied %t\n", q.ID, q.Tenant, q.class, q.segments,
		q.ttl, q.bad, q.careless, q.copied)
	fmt.Fprintf(b, "  tenant: published at %s, acknowledged at %s\n", clock(q.first), clock(q.acked))
	for id, s := range w.sims {
		for _, at := range s.came.of(q.number) {
			fmt.Fprintf(b, "  %s: a submit_sm came at %s\n", id, clock(at))
		}
	}
	ids := map[handle]bool{}
	for _, one := range w.taken[q.number] {
		ids[one.handle] = true
		fmt.Fprintf(b, "  %s: took segment %d as %s, receipt %q\n", one.SMSC, one.segment, one.ID, one.stat)
	}
	for _, m := range db.messages[q.name] {
		fmt.Fprintf(b, "  v_message: %s, requested at %s, possible duplicate %t, stood %v\n", m.State, clock(m.Requested.Local()),
			m.Duplicate, db.standings[m.Key])
		w.events(ctx, b, l, after, func(e *ledger.Event) bool {
			return e.Report == nil && e.Key == m.Key || e.Report != nil && ids[handle{e.Report.SMSC, string(e.Report.MessageID)}]
		})
	}
	for _, a := range db.attempts[q.name] {
		fmt.Fprintf(b, "  v_attempt: attempt %d of segment %d on %s: %s %s\n", a.Attempt, a.Segment, a.SMSC, a.Verdict, a.handle.ID)
	}
	for _, s := range w.statuses[q.name] {
		fmt.Fprintf(b, "  SMS_STATUS %d: %s\n", s.sequence, s.state)
	}
	fmt.Fprintf(b, "  tenant: heard %v\n", w.tenants[q.Tenant].hears(q.name))
}

// events prints the ledger's events that are about a request.
func (w *world) events(ctx context.Context, b *strings.Builder, l *ledger.Ledger, after ledger.Position, about func(*ledger.Event) bool) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	last, err := l.Last(ctx)
	if err != nil || last == after {
		return
	}
	reader, err := l.Read(ctx, after)
	if err != nil {
		fmt.Fprintf(b, "  the ledger can't be read: %v\n", err)
		return
	}
	defer reader.Stop()
	var decoder ledger.Decoder
	for after < last {
		f, err := reader.Next(ctx)
		if err != nil {
			fmt.Fprintf(b, "  the ledger can't be read: %v\n", err)
			return
		}
		after = f.Position
		decoder.DecodeFrame(f.Payload, func(_ int, e *ledger.Event, line []byte, err error) {
			if err == nil && about(e) {
				fmt.Fprintf(b, "  ledger %d: %s\n", f.Position, line)
			}
		})
	}
}
