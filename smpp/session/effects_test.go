package session

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"harkara/smpp/pdu"
)

// effects says everything that changed.
func (c *conversation) effects() {
	out := bytes.NewReader(c.s.Output()[min(c.shown, len(c.s.Output())):])
	for r := pdu.NewReader(out); ; {
		f, err := r.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				c.say("broken output: %v", err)
			}
			break
		}
		h := f.Header()
		c.say("send %s seq=%d%s", h.ID, h.Seq, statusText(h.Status))
		c.did.sent = append(c.did.sent, h)
		if !h.ID.IsResponse() {
			c.deadlines[h.Seq] = c.now.Add(c.cfg.Response)
		}
	}
	if c.shown = len(c.s.Output()); !c.holding {
		c.s.Flushed(c.shown, c.now)
		c.shown = 0
	}
	results, deliveries := c.s.Take()
	c.did.results, c.did.handed = slices.Clone(results), len(deliveries)
	for i := range results {
		c.say("%s", resultText(&results[i]))
	}
	for _, f := range deliveries {
		c.say("hand on %s seq=%d", f.Header().ID, f.Header().Seq)
	}
	if counts := c.s.Counts(); counts != c.counts {
		c.say("received=%d deferred=%d unknown=%d", counts.Received, counts.Deferred, counts.Unknown)
		c.counts = counts
	}
	if c.s.State() != c.state {
		c.state = c.s.State()
		if c.say("%s", c.state); c.s.Fault() != nil {
			c.say("fault: %v", c.s.Fault())
		}
	}
	wake := "never"
	if at, ok := c.s.Wake(); ok {
		wake = at.Sub(epoch).String()
	}
	if wake != c.wake {
		c.wake = wake
		c.say("wake at %s", wake)
	}
}

func resultText(r *Result[string]) string {
	var b strings.Builder
	fmt.Fprintf(&b, "result %s %s%s", r.Value, r.Verdict, statusText(r.Status))
	switch {
	case r.Command == pdu.SubmitSM:
		fmt.Fprintf(&b, " id=%q", r.MessageID)
	case r.Query != nil:
		fmt.Fprintf(&b, " of %s %+v", r.Command, *r.Query)
	default:
		fmt.Fprintf(&b, " of %s", r.Command)
	}
	fmt.Fprintf(&b, " after %s", r.Wait)
	if r.Late {
		b.WriteString(" late")
	}
	return b.String()
}

func statusText(s pdu.Status) string {
	if s == pdu.ESME_ROK {
		return ""
	}
	return " " + s.String()
}
