package smsctest

import (
	"slices"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// messagesOf puts records together: whole texts by their octets, long ones by source, destination, reference, number of
// segments and length of the header, which tells references of 8 bits, of 16 bits and of SAR TLVs apart.
func messagesOf(records []record, packed bool) []Message {
	builder := builder{open: map[string]int{}, packed: packed}
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
	all    []Message
	open   map[string]int // the latest message of a key, by its place in all
	packed bool           // Config.Packed
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
	return string(append(key, 'c', byte(p.header.Length), byte(p.ref>>8), byte(p.ref), p.total))
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
	s.IDs = append(s.IDs, string(appendID(nil, r.id())))
	s.Stats = append(s.Stats, r.stat())
	s.ReceiptsSent += int(r.sent)
	s.ReceiptsAcked += int(r.acked)
}

// finish sorts the segments and decodes the text over all of them.
func (b *builder) finish(m *Message) {
	slices.SortFunc(m.Segments, func(a, b Segment) int { return a.Number - b.Number })
	parts := make([]part, len(m.Segments))
	for i := range m.Segments {
		parts[i], _ = partOf(&m.Segments[i].SM)
	}
	m.Text = textOf(m.DataCoding, b.packed, parts)
}
