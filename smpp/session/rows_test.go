package session

import (
	"strings"

	"harkara/smpp/pdu"
	"harkara/smpp/window"
)

// rows says in which rows of the table an event is; the session has not seen it yet.
func (c *conversation) rows(words []string, args map[string]string) []string {
	switch words[0] {
	case "open", "stop", "close", "answer":
		return []string{strings.ToUpper(words[0][:1]) + words[0][1:]}
	case "submit", "ask":
		switch {
		case c.s.state == Bound && c.s.Room() == 0:
			return []string{"Submit, Ask: without room"}
		case c.s.state == Bound && words[len(words)-1] == "bad":
			return []string{"Submit, Ask: that can't be written"}
		}
		return []string{"Submit, Ask"}
	case "receive":
		return []string{c.received(frame(words[1], args))}
	case "tick":
		return c.due()
	}
	return nil
}

// due says which rows of Tick are due at the conversation's time.
func (c *conversation) due() (rows []string) {
	s := c.s
	if s.probeDue.IsZero() && c.now.Sub(s.heard) >= s.cfg.EnquireLink {
		rows = append(rows, "Tick: nothing heard")
	}
	if !s.probeDue.IsZero() && !c.now.Before(s.probeDue) {
		rows = append(rows, "Tick: enquire_link not answered")
	}
	if !s.due.IsZero() && !c.now.Before(s.due) {
		rows = append(rows, "Tick: time of the state is over")
	}
	for seq, deadline := range c.deadlines {
		switch _, outcome := s.win.Find(seq); {
		case outcome == window.Matched && !c.now.Before(deadline):
			rows = append(rows, "Tick: request not answered")
		case outcome == window.Late && !c.now.Before(deadline.Add(s.cfg.Response)):
			rows = append(rows, "Tick: late request not answered")
		}
	}
	return rows
}

// received says in which row a PDU of the SMSC is.
func (c *conversation) received(f pdu.Frame) string {
	s, h := c.s, f.Header()
	switch h.ID {
	case pdu.DeliverSM, pdu.DataSM:
		switch {
		case s.state > Binding && s.owed >= s.cfg.ReceiptsMax:
			return "deliver_sm, data_sm: too many"
		case pdu.CheckSM(f) != nil:
			return "deliver_sm, data_sm: that can't be read"
		}
		return "deliver_sm, data_sm"
	case pdu.EnquireLink, pdu.Unbind, pdu.AlertNotification:
		return h.ID.String()
	case pdu.Outbind, pdu.BindReceiver, pdu.BindTransmitter, pdu.BindTransceiver:
		return "outbind, bind_*"
	}
	if !h.ID.IsResponse() {
		return "any other request"
	}
	return c.answered(f)
}

// answered says in which row a response of the SMSC is.
func (c *conversation) answered(f pdu.Frame) string {
	s, h := c.s, f.Header()
	nack := h.ID == pdu.GenericNack
	asked, outcome := s.win.Find(h.Seq)
	switch {
	case s.state == Opening:
		return "response to nothing"
	case s.state == Binding && nack && (h.Seq == s.bindSeq || h.Seq == 0):
		return "generic_nack of the bind"
	case h.ID == s.cfg.As.Response() && h.Seq == s.bindSeq && h.Status == pdu.ESME_ROK:
		return "bind response, ok"
	case h.ID == s.cfg.As.Response() && h.Seq == s.bindSeq:
		return "bind response, error"
	case h.ID == pdu.EnquireLinkResp && h.Seq == s.probeSeq && s.probeSeq != 0:
		return "enquire_link_resp"
	case s.unbindSeq != 0 && h.Seq == s.unbindSeq && h.ID == pdu.UnbindResp:
		return "unbind_resp"
	case s.unbindSeq != 0 && h.Seq == s.unbindSeq && nack:
		return "generic_nack of the unbind"
	case outcome == window.Unknown:
		return "response to nothing"
	case !nack && h.ID != asked.command.Response():
		return "response to a request: of another command"
	case outcome == window.Late:
		return "response to a request: late"
	case nack:
		return "response to a request: generic_nack"
	}
	if _, err := pdu.ParseQueryResp(f); asked.command == pdu.QuerySM && h.Status == pdu.ESME_ROK && err != nil {
		return "response to a request: query_sm_resp that can't be read"
	}
	return "response to a request"
}
