package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

func (h *hostile) title() string   { return fmt.Sprintf("%02d_%s", h.row, h.name) }
func (h *hostile) id() string      { return fmt.Sprintf("row-%02d%d", h.row, h.part) }
func (h *hostile) numbers() string { return fmt.Sprintf("6%02d%d", h.row, h.part) }

// load makes a load for this row's SMSC.
func (p *peer) load(messages, rate int, class string) Load {
	seed := uint64(p.row*1000 + p.part*100 + p.loads)
	l := Load{Messages: messages, Rate: rate, Class: class, Seed: seed,
		Numbers: 6_000_000_000 + int64(p.row)*10_000_000 + int64(p.part)*1_000_000 + int64(p.loads)*10_000}
	p.loads++
	return l
}

// run sends a load and waits until every request has its outcome.
func (p *peer) run(t *testing.T, l Load) *Outcome {
	t.Helper()
	out, err := p.Run(t.Context(), l, io.Discard)
	if err != nil {
		t.Fatalf("seed %d: %v", l.Seed, err)
	}
	if !out.Accounted() {
		t.Errorf("seed %d: requested %d, in PostgreSQL %d, with an outcome %d", l.Seed, out.Requested, out.InPostgres,
			out.Ended())
	}
	return out
}

// send publishes a load and does not wait for what becomes of it.
func (p *peer) send(t *testing.T, l Load) {
	t.Helper()
	tenants := map[string]*tenantClient{}
	for _, q := range mix {
		c, err := p.tenant(q.tenant)
		if err != nil {
			t.Fatal(err)
		}
		defer c.conn.Close()
		tenants[q.tenant] = c
	}
	if err := p.publish(t.Context(), l, tenants); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it does not come about: " + what)
		}
	}
}

// number asks the database for one number.
func (p *peer) number(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := p.db.GetContext(t.Context(), &n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

// inState counts a load's messages that are in a state.
func (p *peer) inState(t *testing.T, l Load, state sms.State) int {
	t.Helper()
	return p.number(t, `SELECT count(*) FROM harkara.v_message WHERE id LIKE $1 AND state = $2`, l.idPrefix()+"%",
		state)
}

// declared counts a load's messages that may have been sent twice, by their own account.
func (p *peer) declared(t *testing.T, l Load) int {
	t.Helper()
	return p.number(t, `SELECT count(*) FROM harkara.v_message WHERE id LIKE $1 AND possible_duplicate`, l.idPrefix()+"%")
}

// attempts counts those of a load that came to the wire.
func (p *peer) attempts(t *testing.T, l Load) int {
	t.Helper()
	return p.number(t, `SELECT count(*) FROM harkara.v_attempt WHERE id LIKE $1 AND status <> 'unsent'`,
		l.idPrefix()+"%")
}

// wantAll waits until all messages of a load are in a state.
func (p *peer) wantAll(t *testing.T, l Load, state sms.State) {
	t.Helper()
	eventually(t, fmt.Sprintf("all %d messages are %s", l.Messages, state),
		func() bool { return p.inState(t, l, state) == l.Messages })
}

// wantOnce waits until all messages of a load are delivered, by one attempt each.
func (p *peer) wantOnce(t *testing.T, l Load) {
	t.Helper()
	p.wantAll(t, l, sms.Delivered)
	if n := p.attempts(t, l); n != l.Messages {
		t.Errorf("%d messages took %d attempts", l.Messages, n)
	}
}

// statuses are this SMSC's binds as `harkara binds` shows them.
func (p *peer) statuses(t *testing.T) (mine []bind.Status) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.Config.HTTP+"/binds", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var all []bind.Status
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.SMSC == p.id {
			mine = append(mine, s)
		}
	}
	return mine
}

// counted adds up one counter of this SMSC's binds.
func (p *peer) counted(t *testing.T, which func(*bind.Counters) uint64) (n int) {
	t.Helper()
	for _, s := range p.statuses(t) {
		n += int(which(&s.Counters))
	}
	return n
}

func unknown(c *bind.Counters) uint64  { return c.Unknown }
func timeouts(c *bind.Counters) uint64 { return c.Timeouts }
func late(c *bind.Counters) uint64     { return c.Late }
func connects(c *bind.Counters) uint64 { return c.Connects }

// wantBound waits until all binds are up.
func (p *peer) wantBound(t *testing.T) {
	t.Helper()
	eventually(t, "all binds are up", func() bool { return p.smsc.Counters().Bound == p.Binds })
	for _, s := range p.statuses(t) {
		if s.State != "bound" {
			eventually(t, "a bind calls itself bound", func() bool { return p.statuses(t)[s.Bind-1].State == "bound" })
		}
	}
}

// verify holds the SMSC's books against the database: what verify of World does, and that every id and every receipt
// belongs to the message that it is of.
func (p *peer) verify(t *testing.T, l Load) {
	t.Helper()
	smscs := map[sms.SMSCID]*smsctest.SMSC{p.id: p.smsc}
	p.World.verify(t, l, smscs)
	_, numbers := books(t, smscs)
	var named []struct {
		handle
		Request string `db:"id"`
	}
	err := p.db.SelectContext(t.Context(), &named, `SELECT smsc, message_id, id FROM harkara.v_attempt
		WHERE smsc = $1 AND message_id IS NOT NULL AND id LIKE $2`, p.id, l.idPrefix()+"%")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range named {
		var i int
		if _, err := fmt.Sscanf(a.Request, l.idPrefix()+"%d", &i); err != nil {
			t.Fatal(err)
		}
		if want := l.number(i); numbers[a.handle] != want {
			t.Errorf("%s has the id %s, which the SMSC gave to another number", a.Request, a.ID)
		}
	}
	// A receipt without its message though an attempt has its id, or the other way round.
	eventually(t, "every receipt is with its message, or in the list of unmatched ones", func() bool {
		return p.number(t, `SELECT count(*) FROM harkara.v_receipt r WHERE smsc = $1 AND (id IS NOT NULL) <>
			EXISTS (SELECT FROM harkara.v_attempt a WHERE a.smsc = r.smsc AND a.message_id = r.message_id)`, p.id) == 0
	})
	if n := p.number(t, `SELECT count(*) FROM harkara.v_receipt r JOIN harkara.v_message m USING (tenant, id)
		WHERE r.smsc = $1 AND r.stat = 'DELIVRD' AND m.state <> 'delivered'`, p.id); n != 0 {
		t.Errorf("%d messages have a receipt that says DELIVRD and are not delivered", n)
	}
}

// on makes a script of what is done with one command; everything else passes.
func on(way smsctest.Way, id pdu.CommandID, do smsctest.Script) smsctest.Script {
	return func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
		if w == way && f.Header().ID == id {
			do(l, w, f)
			return
		}
		l.Send(w, f)
	}
}
