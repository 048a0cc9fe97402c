package demo

import (
	"errors"
	"regexp"
	"slices"
	"sync"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// handsets are the phones of simulated people.
type handsets struct {
	of map[string]*handset // by number, digits
}

// handset puts together the texts that simulators took for one number.
type handset struct {
	texts chan sms.Secret

	mu    sync.Mutex
	first time.Time           // when its first submit_sm came
	parts map[uint16][]string // segments of texts that are not whole yet, by their reference
}

func newHandset() *handset {
	return &handset{texts: make(chan sms.Secret, 8), parts: map[uint16][]string{}}
}

// saw is told of every submit_sm by the simulators.
func (h *handsets) saw(m *pdu.SM) {
	if phone := h.of[m.Dest]; phone != nil {
		phone.take(m)
	}
}

// take takes one segment. What can't be read is no text: whoever waits for it says so.
func (h *handset) take(m *pdu.SM) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.first.IsZero() {
		h.first = time.Now()
	}
	var header sms.UDH
	octets := m.Payload()
	if m.ESMClass&pdu.ESMClassUDHI != 0 {
		var err error
		if header, octets, err = sms.CutUDH(octets); err != nil {
			return
		}
	}
	if header.Concat {
		whole, ok := h.gather(header, octets)
		if !ok {
			return
		}
		octets = whole
	}
	text, ok := sms.Decode(m.DataCoding, false, header, octets)
	if !ok {
		return
	}
	select {
	case h.texts <- sms.Secret(text):
	default: // nobody reads that many
	}
}

// gather keeps a segment, and gives the octets of all when it was the last that was missing.
func (h *handset) gather(header sms.UDH, octets []byte) (whole []byte, ok bool) {
	parts := h.parts[header.Ref]
	if parts == nil {
		parts = make([]string, header.Total)
		h.parts[header.Ref] = parts
	}
	if at := int(header.Number) - 1; at >= 0 && at < len(parts) {
		parts[at] = string(octets)
	}
	if slices.Contains(parts, "") {
		return nil, false
	}
	delete(h.parts, header.Ref)
	for _, part := range parts {
		whole = append(whole, part...)
	}
	return whole, true
}

func (h *handset) firstAt() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.first
}

// sixDigits are a code as people know it when they see it: amounts, orders and cards of the demo have fewer.
var sixDigits = regexp.MustCompile(`(?:^|[^0-9])([0-9]{6})(?:[^0-9]|$)`)

func codeIn(text sms.Secret) (sms.Secret, error) {
	found := sixDigits.FindStringSubmatch(text.Reveal())
	if found == nil {
		return "", errors.New("there is no code of six digits in the text")
	}
	return sms.Secret(found[1]), nil
}
