package smsctest

import (
	"slices"
	"sort"
	"time"

	"harkara/smpp/pdu"
)

// record is one accepted submit_sm: what its receipts are made from, and its line in the books.
type record struct {
	serial       uint64        // numbers the accepted messages
	came, due    time.Duration // due: when it gets its final state, and its receipt
	source, dest address
	frame        pdu.Frame // its own copy; nil where no details are kept
	length       uint32    // payload octets
	sent, acked  uint32    // receipts
	userRef      uint16
	hasUserRef   bool
	padded       bool   // its id is written with ten digits
	receipts     bool   // it has any
	state        byte   // the final one, of message_state
	err          string // why it was not delivered, as receipts write it; empty where it was
}

// id gives the message's id as a number.
func (r *record) id() uint64 {
	if r.padded {
		return r.serial % paddedIDs
	}
	return r.serial
}

// stat is the word of its receipts, empty where it has none.
func (r *record) stat() string {
	if !r.receipts {
		return ""
	}
	return stateWords[r.state]
}

type address struct {
	ton, npi byte
	digits   string
}

// ledger is the books while they are written.
type ledger struct {
	Counters
	faults  [faultCount]uint64
	seen    map[digest]seen
	kept    queue[*record]
	second  lastSecond
	pending int // receipts made and not yet acked
}

// seen counts the comings of one content.
type seen struct{ arrived, accepted uint32 }

// submit counts one submit_sm that came at now.
func (l *ledger) submit(now time.Duration) {
	l.Submits++
	l.second.add(now)
	l.MaxPerSecond = max(l.MaxPerSecond, l.second.count(now))
}

// accept counts an accepted short message.
func (l *ledger) accept(p part) {
	l.Accepted++
	if p.concat {
		l.Segments++
	}
	if p.number == 1 {
		l.Texts++
	}
}

// compare counts an accepted content, and a duplicate where it was accepted before.
func (l *ledger) compare(d digest) {
	s := l.seen[d]
	if s.accepted++; s.accepted > 1 {
		l.Duplicates++
	}
	l.seen[d] = s
}

// keep enters a record with a copy of its frame, in the place of the oldest where there are limit.
func (l *ledger) keep(r *record, f pdu.Frame, limit int) {
	for l.kept.len() >= limit {
		l.kept.pop()
	}
	r.frame = slices.Clone(f)
	l.kept.push(r)
}

// find gives the kept record with a serial number, nil where there is none.
func (l *ledger) find(serial uint64) *record {
	i := sort.Search(l.kept.len(), func(i int) bool { return l.kept.at(i).serial >= serial })
	if i == l.kept.len() || l.kept.at(i).serial != serial {
		return nil
	}
	return l.kept.at(i)
}

// counters gives a copy of its own.
func (l *ledger) counters() Counters {
	c := l.Counters
	c.Faults = map[string]uint64{}
	for f, n := range l.faults {
		if n > 0 {
			c.Faults[Fault(f).String()] = n
		}
	}
	return c
}

// records gives copies of the kept records, the oldest first; the frames are shared, as they do not change.
func (l *ledger) records() []record {
	all := make([]record, l.kept.len())
	for i := range all {
		all[i] = *l.kept.at(i)
	}
	return all
}
