package smsctest

import (
	"slices"
	"strconv"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// record is one accepted submit_sm: what its receipts are made from, and its line in the books.
type record struct {
	id           uint64
	came         time.Duration
	source, dest address
	length       int           // payload octets
	stat, err    string        // of its receipts; empty where none is asked for
	frame        pdu.Frame     // its own copy; nil where no details are kept
	sent, acked  int           // receipts
	done         time.Duration // when the first was sent
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

// accept enters a record; f is its frame, of which a copy is kept where keep allows details.
func (l *ledger) accept(r *record, p part, f pdu.Frame, d digest, keep int) {
	l.Accepted++
	if p.concat {
		l.Segments++
	}
	if p.number == 1 {
		l.Texts++
	}
	s := l.seen[d]
	if s.accepted++; s.accepted > 1 {
		l.Duplicates++
	}
	l.seen[d] = s
	if keep < 0 {
		return
	}
	if l.kept.len() == keep {
		l.kept.pop()
	}
	r.frame = slices.Clone(f)
	l.kept.push(r)
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

// messagesOf puts records together: whole texts by their octets, long ones by source, destination, reference and number
// of segments.
func messagesOf(records []record) []Message {
	builder := builder{open: map[string]int{}}
	for i := range records {
		builder.add(&records[i])
	}
	for i := range builder.all {
		builder.finish(&builder.all[i])
	}
	return builder.all
}

// builder gathers segments into messages.
type builder struct {
	all  []Message
	open map[string]int // the latest message of a key, by its place in all
}

func (b *builder) add(r *record) {
	var m pdu.SM
	if err := pdu.ParseSM(r.frame, &m); err != nil {
		panic("smsctest: an accepted submit_sm does not parse: " + err.Error())
	}
	p, _ := partOf(&m)
	key := keyOf(&m, p)
	at, ok := b.open[key]
	if !ok || !b.all[at].fits(p, &m) {
		at = len(b.all)
		b.open[key] = at
		b.all = append(b.all, Message{
			Source: m.Source, To: sms.MSISDN(m.Dest), DataCoding: m.DataCoding, Total: int(p.total),
		})
	}
	b.all[at].enter(r, p, m)
}

// keyOf names the message that a part belongs to.
func keyOf(m *pdu.SM, p part) string {
	key := append(append(append([]byte(m.Source), 0), m.Dest...), 0, m.DataCoding)
	if !p.concat {
		return string(append(append(key, 'w'), p.text...))
	}
	return string(append(key, 'c', byte(p.ref>>8), byte(p.ref), p.total))
}

// fits says whether the part has its place in m: none of that number is there, or one with the same octets. Another
// text under the same number means that the reference has come round.
func (m *Message) fits(p part, sm *pdu.SM) bool {
	for i := range m.Segments {
		if m.Segments[i].Number == int(p.number) {
			return slices.Equal(m.Segments[i].SM.Payload(), sm.Payload())
		}
	}
	return true
}

func (m *Message) enter(r *record, p part, sm pdu.SM) {
	at := slices.IndexFunc(m.Segments, func(s Segment) bool { return s.Number == int(p.number) })
	if at < 0 {
		at = len(m.Segments)
		m.Segments = append(m.Segments, Segment{Number: int(p.number), SM: sm})
	}
	s := &m.Segments[at]
	s.IDs = append(s.IDs, strconv.FormatUint(r.id, 10))
	s.Stats = append(s.Stats, r.stat)
	s.ReceiptsSent += r.sent
	s.ReceiptsAcked += r.acked
}

// finish sorts the segments and decodes the text over all of them, so that a character cut in two is whole again.
func (b *builder) finish(m *Message) {
	slices.SortFunc(m.Segments, func(a, b Segment) int { return a.Number - b.Number })
	var octets []byte
	for i := range m.Segments {
		p, _ := partOf(&m.Segments[i].SM)
		octets = append(octets, p.text...)
	}
	m.Text = decode(m.DataCoding, octets)
}
