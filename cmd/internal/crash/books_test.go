package crash

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
	"harkara/storage"
)

// arrivals is when submit_sm came, by number.
type arrivals struct {
	mu  sync.Mutex
	all map[string][]time.Time
}

func newArrivals() *arrivals { return &arrivals{all: map[string][]time.Time{}} }

func (a *arrivals) saw(m *pdu.SM) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all[m.Dest] = append(a.all[m.Dest], time.Now())
}

func (a *arrivals) of(number string) []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all[number])
}

// handle is how an SMSC names a short message that it took.
type handle struct {
	SMSC sms.SMSCID
	ID   string `db:"message_id"`
}

// taken is one short message that an SMSC accepted.
type taken struct {
	handle
	segment int
	stat    string // what its receipt says; empty: it has none
}

// takeBooks adds what the SMSCs have accepted since. Their books hold many rounds, so nothing is missed.
func (w *world) takeBooks() {
	for id, s := range w.sims {
		for _, m := range s.Books().Messages {
			number := m.To.Digits()
			for _, segment := range m.Segments {
				for i, message := range segment.IDs {
					one := taken{handle{id, message}, segment.Number, segment.Stats[i]}
					if !w.known[one.handle] {
						w.known[one.handle] = true
						w.taken[number] = append(w.taken[number], one)
					}
				}
			}
		}
	}
}

// status is one entry of SMS_STATUS.
type status struct {
	sequence uint64
	state    sms.State
}

// takeStatuses adds what SMS_STATUS holds since.
func (w *world) takeStatuses(ctx context.Context, js jetstream.JetStream) error {
	stream, err := js.Stream(ctx, storage.StatusStream)
	if err != nil {
		return err
	}
	last := stream.CachedInfo().State.LastSeq
	if last == w.status {
		return nil
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: w.status + 1})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for w.status < last {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		whose, state := statusOf(m.Subject(), m.Data())
		w.status = meta.Sequence.Stream
		w.statuses[whose] = append(w.statuses[whose], status{w.status, state})
	}
	return nil
}

// message is a row of v_message.
type message struct {
	name
	Key       sms.Key
	State     sms.State
	Duplicate bool `db:"possible_duplicate"`
	Requested time.Time
}

// attempt is a row of v_attempt: one segment on one SMSC once.
type attempt struct {
	name
	handle
	Segment, Attempt int
	Verdict          string
}

// standing is where a message stood once.
type standing struct {
	Key   sms.Key
	State sms.State
}

// tables is what the database says of some rounds.
type tables struct {
	messages  map[name][]message
	attempts  map[name][]attempt
	standings map[sms.Key][]sms.State // in the order of the ledger
	receipts  map[handle]string       // whose they are, by the tenant's id; empty: unmatched
}

// read reads what the database has of the requests whose ids begin so, and the receipts that came since.
func read(ctx context.Context, db *sqlx.DB, prefix string, since time.Time) (*tables, error) {
	out := &tables{map[name][]message{}, map[name][]attempt{}, map[sms.Key][]sms.State{}, map[handle]string{}}
	var messages []message
	var attempts []attempt
	var standings []standing
	var receipts []struct {
		handle
		Whose string
	}
	for _, q := range []struct {
		into any
		text string
		args []any
	}{
		{&messages, `SELECT tenant, id, key, state, possible_duplicate, requested_at AS requested FROM harkara.v_message WHERE id LIKE $1`, []any{prefix + "%"}},
		{&attempts, `SELECT tenant, id, smsc, coalesce(message_id, '') AS message_id, segment, attempt, status AS verdict
			FROM harkara.v_attempt WHERE id LIKE $1 ORDER BY attempt, segment`, []any{prefix + "%"}},
		{&standings, `SELECT key, state FROM (SELECT key, fact, state FROM harkara.message WHERE id LIKE $1 UNION ALL
			SELECT t.key, t.fact, t.state FROM harkara.transition t JOIN harkara.message m ON m.key = t.key WHERE m.id LIKE $1) s
			ORDER BY fact`, []any{prefix + "%"}},
		{&receipts, `SELECT smsc, message_id, coalesce(id, '') AS whose FROM harkara.v_receipt WHERE received_at >= $1`, []any{since}},
	} {
		if err := db.SelectContext(ctx, q.into, q.text, q.args...); err != nil {
			return nil, fmt.Errorf("%.60s: %w", q.text, err)
		}
	}
	for _, m := range messages {
		out.messages[m.name] = append(out.messages[m.name], m)
	}
	for _, a := range attempts {
		out.attempts[a.name] = append(out.attempts[a.name], a)
	}
	for _, s := range standings {
		out.standings[s.Key] = append(out.standings[s.Key], s.State)
	}
	for _, r := range receipts {
		out.receipts[r.handle] = r.Whose
	}
	return out, nil
}
