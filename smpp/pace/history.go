package pace

import "time"

const (
	grain  = 10 * time.Millisecond
	second = int64(time.Second / grain)
	kept   = 512             // grains: five seconds. A refusal that takes longer tells of a rate long gone
	gapMax = second * 3 / 10 // a second without a longer gap is steady
)

// history counts what was sent and what of it was refused, by the time of sending.
type history [kept]struct {
	at            int64 // grains since 1970
	sent, refused int32
}

// measure is what was accepted in one second.
type measure struct {
	end      int64 // the last grain of it
	accepted float64
	steady   bool // there was no longer silence in it
	known    bool // the history reaches back to it
}

// add counts a PDU.
func (h *history) add(now time.Time) {
	at := now.UnixNano() / int64(grain)
	g := &h[at%kept]
	if g.at != at {
		g.at, g.sent, g.refused = at, 0, 0
	}
	g.sent++
}

// refuse counts the refusal of a PDU sent at the time sent, and returns what of the second before it was not refused, as
// far as the answers have come.
func (h *history) refuse(sent time.Time) measure {
	m := measure{end: sent.UnixNano() / int64(grain)}
	if g := &h[m.end%kept]; g.at == m.end {
		m.known = true
		g.refused++
	}
	gap, longest := int64(0), int64(0)
	for at := m.end - second + 1; at <= m.end; at++ {
		if g := &h[at%kept]; g.at == at {
			m.accepted += float64(g.sent - g.refused)
			gap = 0
		} else {
			gap++
			longest = max(longest, gap)
		}
	}
	m.steady = longest <= gapMax
	return m
}
