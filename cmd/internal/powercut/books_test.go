//go:build powercut

package powercut

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/lib/pq" // the driver "postgres"

	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// row is a message as PostgreSQL has it.
type row struct {
	state     sms.State
	duplicate bool
	copies    int // rows of this id
}

// handle is how an SMSC names a short message.
type handle struct{ smsc, id string }

// books are the gateway's: its database.
type books struct{ *sql.DB }

func (s *setup) openBooks() (books, error) {
	dsn, err := os.ReadFile(filepath.Join(s.at, "data", "postgres.dsn"))
	if err != nil {
		return books{}, err
	}
	db, err := sql.Open("postgres", strings.TrimSpace(string(dsn)))
	return books{db}, err
}

// messages are those whose ids begin with a prefix.
func (b books) messages(ctx context.Context, prefix string) (map[string]row, error) {
	rows, err := b.QueryContext(ctx, `SELECT id, state, possible_duplicate FROM harkara.v_message
		WHERE starts_with(id, $1)`, prefix)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]row{}
	for rows.Next() {
		var id string
		var m row
		if err := rows.Scan(&id, &m.state, &m.duplicate); err != nil {
			return nil, err
		}
		m.copies = all[id].copies + 1
		all[id] = m
	}
	return all, rows.Err()
}

// receipts are the short messages that there is a receipt of, with and without their message.
func (b books) receipts(ctx context.Context) (map[handle]bool, error) {
	rows, err := b.QueryContext(ctx, `SELECT DISTINCT smsc, message_id FROM harkara.v_receipt`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[handle]bool{}
	for rows.Next() {
		var h handle
		if err := rows.Scan(&h.smsc, &h.id); err != nil {
			return nil, err
		}
		all[h] = true
	}
	return all, rows.Err()
}

// open says whether a message is still on its way.
func open(s sms.State) bool { return s == sms.Planned || s == sms.Submitted }

// taken is what the SMSCs have in their books: how often the most frequent segment of each number's message was taken,
// and whose receipts were acknowledged.
func taken(smscs map[string]*smsctest.SMSC) (times map[string]int, acked map[handle]string) {
	times, acked = map[string]int{}, map[handle]string{}
	for name, s := range smscs {
		segments := map[string]map[int]int{}
		for _, m := range s.Books().Messages {
			for _, segment := range m.Segments {
				if segments[m.To.Digits()] == nil {
					segments[m.To.Digits()] = map[int]int{}
				}
				segments[m.To.Digits()][segment.Number] += segment.Times()
				for _, id := range segment.IDs {
					acked[handle{name, id}] = m.To.Digits()
				}
			}
		}
		for number, by := range segments {
			most := 0
			for _, n := range by {
				most = max(most, n)
			}
			times[number] += most // a message goes to another SMSC whole, or not at all
		}
	}
	return times, acked
}

// quiet says whether every receipt is acknowledged.
func quiet(smscs map[string]*smsctest.SMSC) bool {
	for _, s := range smscs {
		if c := s.Counters(); c.Receipts != c.ReceiptsAcked {
			return false
		}
	}
	return true
}

// finding is what is wrong with one request or receipt.
type finding struct{ what, story string }

// result is what a round came to.
type result struct {
	requests, acked  int // acked: before the last cut
	lostRequests     int
	lostReceipts     int
	lostFor          time.Duration // from the first acknowledgement of a lost request to the cut
	declared, twice  int           // taken by an SMSC more than once: declared as such, and not
	left, unforeseen int           // still on their way, and what else should not be
	again            int           // statuses that a tenant was told again
	findings         []finding
}

// next is the first cut after an acknowledgement, and whether there was one.
func next(cuts []time.Time, acked time.Time) (time.Time, bool) {
	for _, cut := range cuts {
		if !acked.IsZero() && acked.Before(cut) {
			return cut, true
		}
	}
	return time.Time{}, false
}

// hold holds the books of tenants and SMSCs against the gateway's.
func hold(requests []request, rows map[string]row, smscs map[string]*smsctest.SMSC, kept map[handle]bool,
	cuts []time.Time) *result {
	out := &result{requests: len(requests)}
	times, receipts := taken(smscs)
	find := func(count *int, what string, r *request) {
		*count++
		m := rows[r.id]
		when := "later"
		if cut, before := next(cuts, r.acked); before {
			when = fmt.Sprintf("%d ms before the cut", cut.Sub(r.acked).Milliseconds())
		}
		out.findings = append(out.findings, finding{what, fmt.Sprintf(
			"%s of %s (%s): acknowledged %s, told %v, in the books %+v, taken %d times",
			r.id, r.tenant, r.class, when, r.told, m, times[r.number])})
	}
	for i := range requests {
		r := &requests[i]
		cut, before := next(cuts, r.acked)
		if before {
			out.acked++
		}
		m, there := rows[r.id]
		n := times[r.number]
		policy := 1 // what the configuration says by default: hold
		if r.class == "otp" {
			policy = 2
		}
		out.again += len(r.twice)
		switch {
		case !there && before:
			out.lostFor = max(out.lostFor, cut.Sub(r.acked))
			find(&out.lostRequests, "an acknowledged request is lost", r)
		case !there:
			find(&out.unforeseen, "a request is not in the books", r)
		case m.copies > 1:
			find(&out.unforeseen, "a request is in the books more than once", r)
		case n > 1 && !m.duplicate:
			find(&out.twice, "an extra submit is not declared", r)
		case n > policy:
			find(&out.twice, "there were more submits than the policy allows", r)
		case open(m.state):
			find(&out.left, "a message is left on its way", r)
		case m.state == sms.Delivered && n == 0:
			find(&out.unforeseen, "a message is delivered that no SMSC took", r)
		case (m.state == sms.Refused || m.state == sms.Lapsed || m.state == sms.Rejected):
			find(&out.unforeseen, "a message ended as none should", r)
		case r.told[string(sms.Delivered)] && m.state != sms.Delivered:
			find(&out.unforeseen, "a tenant was told that a message is delivered, and it is not", r)
		case n > 1:
			out.declared++
		}
	}
	for h, number := range receipts {
		if !kept[h] {
			out.lostReceipts++
			out.findings = append(out.findings, finding{"an acknowledged receipt is lost",
				fmt.Sprintf("%s of %s to ...%s", h.id, h.smsc, number[8:])})
		}
	}
	return out
}
