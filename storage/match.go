package storage

import (
	"sync"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Match is how many of one SMSC's receipts could be given to a segment. Those of attempts that another gateway made
// count as all others.
type Match struct {
	Received uint64 // since this projector first ran
	Matched  uint64 // of them
	// Ratio is the matched part, 0 to 1, of Judged receipts: those of the last 15 minutes but the unmatched of the last
	// minute, whose answers may be on their way. It is 1 where there is none to judge.
	Ratio  float64
	Judged int
}

// Receipts are counted by the time that they came, in slots of ten seconds.
const (
	matchSlot    = 10 * time.Second
	matchWindow  = 15 * time.Minute
	matchPatient = time.Minute
	matchSlots   = int(matchWindow / matchSlot)
)

// matches counts the receipts of each SMSC; its size depends on their number only. It is safe for concurrent use.
type matches struct {
	first  fact // that is counted; Run sets it
	mu     sync.Mutex
	bySMSC map[sms.SMSCID]*matchCount
}

type matchCount struct {
	received, matched uint64
	slots             [matchSlots]matchesIn
}

// matchesIn is what came in one slot of time; slots are numbered since 1970.
type matchesIn struct {
	slot              int64
	received, matched int
}

func slotOf(at time.Time) int64 { return at.UnixNano() / int64(matchSlot) }

// in returns the counts of the slot of at, nil where that is older than what is counted.
func (c *matchCount) in(at time.Time) *matchesIn {
	slot := slotOf(at)
	in := &c.slots[uint64(slot)%uint64(matchSlots)]
	if in.slot > slot {
		return nil
	}
	if in.slot < slot {
		*in = matchesIn{slot: slot}
	}
	return in
}

// add counts the receipts of a batch that was committed.
func (m *matches) add(b *batch) {
	if len(b.receipts)+len(b.matches) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, row := range b.receipts {
		if row.event.Report.Raw == ledger.ByQuery {
			continue // we asked for it by its id
		}
		c := m.of(row.event.Report.SMSC)
		c.received++
		in := c.in(row.event.At)
		if in != nil {
			in.received++
		}
		if row.matched {
			c.match(in)
		}
	}
	for _, x := range b.matches {
		if x.receipt >= m.first {
			c := m.of(x.smsc)
			c.match(c.in(x.at))
		}
	}
}

// match counts a receipt that got its segment, which an unknown commit may have kept from being counted as received.
func (c *matchCount) match(in *matchesIn) {
	c.matched = min(c.matched+1, c.received)
	if in != nil {
		in.matched = min(in.matched+1, in.received)
	}
}

func (m *matches) of(smsc sms.SMSCID) *matchCount {
	c := m.bySMSC[smsc]
	if c == nil {
		c = new(matchCount)
		m.bySMSC[smsc] = c
	}
	return c
}

// at is how things stand at some time.
func (m *matches) at(now time.Time) map[sms.SMSCID]Match {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, patient := slotOf(now.Add(-matchWindow)), slotOf(now.Add(-matchPatient))
	all := make(map[sms.SMSCID]Match, len(m.bySMSC))
	for smsc, c := range m.bySMSC {
		result, matched := Match{Received: c.received, Matched: c.matched, Ratio: 1}, 0
		for _, in := range c.slots {
			switch {
			case in.slot <= from: // it is older, in part at least
				continue
			case in.slot < patient:
				result.Judged += in.received
			default:
				result.Judged += in.matched
			}
			matched += in.matched
		}
		if result.Judged > 0 {
			result.Ratio = float64(matched) / float64(result.Judged)
		}
		all[smsc] = result
	}
	return all
}

// Matches tells how many of each SMSC's receipts could be given to a segment, as far as this projector has written
// them. It may be called while Run works.
func (p *Projector) Matches() map[sms.SMSCID]Match { return p.matches.at(time.Now()) }
