package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// tally gathers what a batch changes of the tallied that reports of days read: rows of harkara.tally and harkara.billing,
// as differences. They are written with the rows that they count, so that both are always of the same events.
type tally struct {
	dims     map[dimColumns]*tallyName
	outcomes map[outcomeColumns]*tallyName
	messages map[tallyKey]*tallied
	segments map[billingKey]*billed
}

// dimColumns and outcomeColumns are the rows of harkara.dim and harkara.outcome without their ids, in the order of the
// tables.
type dimColumns struct{ tenant, template, header, entity, smsc, class, category string }
type outcomeColumns struct {
	state, stage, code, reason string
	submitted, duplicate       bool
}

// tallyName is the id of such a row, and whether the database has the row.
type tallyName struct {
	id     int64
	stored bool
}

type tallyKey struct {
	hour         int64 // seconds since 1970
	dim, outcome int64
	bucket       int16
}

type tallied struct{ messages, segments int64 }

type billingKey struct {
	hour, dim int64
	duplicate bool
}

type billed struct{ accepted, inDoubt int64 }

// tallyNames is how many ids are remembered.
const tallyNames = 50_000

func newTally() *tally {
	return &tally{dims: map[dimColumns]*tallyName{}, outcomes: map[outcomeColumns]*tallyName{}, messages: map[tallyKey]*tallied{},
		segments: map[billingKey]*billed{}}
}

// reset begins a batch; the one before is written.
func (t *tally) reset() {
	clear(t.messages)
	clear(t.segments)
	if len(t.dims) > tallyNames {
		clear(t.dims)
	}
	if len(t.outcomes) > tallyNames {
		clear(t.outcomes)
	}
}

// count takes a message from where the database has it to where it stands now.
func (t *tally) count(m *message) {
	if m.stored && m.now == m.written {
		return
	}
	hour := hourOf(m.facts.Requested)
	if m.stored {
		t.add(m, hour, &m.written, -1)
	}
	t.add(m, hour, &m.now, 1)
}

func (t *tally) add(m *message, hour int64, s *standing, n int64) {
	bucket := int16(0)
	if s.State == sms.Delivered {
		bucket = Bucket(time.Duration(s.FinalAt-m.facts.Requested.UnixMicro()) * time.Microsecond)
	}
	key := tallyKey{hour, t.dim(&m.facts, s.SMSC), t.outcome(s), bucket}
	c := t.messages[key]
	if c == nil {
		c = new(tallied)
		t.messages[key] = c
	}
	c.messages += n
	c.segments += n * int64(m.facts.Segments)
}

// bill takes a segment of an attempt from what it was counted as to what it tallied as now.
func (t *tally) bill(m *message, a *attempt, s *segment) {
	now := billOf(s.answer.Verdict)
	if now == s.billed {
		return
	}
	key := billingKey{hourOf(m.facts.Requested), t.dim(&m.facts, a.smsc), a.duplicate}
	c := t.segments[key]
	if c == nil {
		c = new(billed)
		t.segments[key] = c
	}
	c.accepted += now.accepted - s.billed.accepted
	c.inDoubt += now.inDoubt - s.billed.inDoubt
}

// billOf is what a segment with an answer tallied as.
func billOf(verdict string) billed {
	switch verdict {
	case accepted:
		return billed{accepted: 1}
	case inDoubt:
		return billed{inDoubt: 1}
	}
	return billed{}
}

func (t *tally) dim(f *ledger.Facts, smsc sms.SMSCID) int64 {
	columns := dimColumns{string(f.Tenant), string(f.Template), string(f.Header), string(f.Entity), string(smsc), f.Class, string(f.Category)}
	d := t.dims[columns]
	if d == nil {
		d = &tallyName{id: columns.id()}
		t.dims[columns] = d
	}
	return d.id
}

func (t *tally) outcome(s *standing) int64 {
	f := &s.Failure
	columns := outcomeColumns{string(s.State), string(f.Stage), f.Code, f.Reason, s.SubmittedAt != 0, s.PossibleDuplicate}
	o := t.outcomes[columns]
	if o == nil {
		o = &tallyName{id: columns.id()}
		t.outcomes[columns] = o
	}
	return o.id
}

func (c *dimColumns) id() int64 {
	return idOf(c.tenant, c.template, c.header, c.entity, c.smsc, c.class, c.category)
}

func (c *outcomeColumns) id() int64 {
	return idOf(c.state, c.stage, c.code, c.reason, letterOf(c.submitted), letterOf(c.duplicate))
}

func letterOf(b bool) string {
	if b {
		return "t"
	}
	return "f"
}

// idOf is the first 64 bits of the SHA-256 of a row's columns, with the unit separator (0x1F) between them.
func idOf(columns ...string) int64 {
	sum := sha256.Sum256([]byte(storable(strings.Join(columns, "\x1f"))))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// storable is a text as PostgreSQL stores it: with no NUL; see rows.text.
func storable(s string) string { return strings.ReplaceAll(s, "\x00", "\ufffd") }

// india is how far India's clocks are ahead of UTC; it has had no other offset since 1945.
const india = 5*time.Hour + 30*time.Minute

// hourOf is the beginning of an hour in India, in seconds since 1970.
func hourOf(t time.Time) int64 {
	const hour, ahead = int64(time.Hour / time.Second), int64(india / time.Second)
	s := t.Unix() + ahead
	into := s % hour
	if into < 0 {
		into += hour
	}
	return s - into - ahead
}
