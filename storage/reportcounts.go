package storage

import "harkara/smpp/sms"

// Counts is what became of a number of messages. Requested is the sum of Pending and all that follow it.
type Counts struct {
	Requested   int64 `json:"requested"`
	Submitted   int64 `json:"submitted"` // accepted by an SMSC, whatever became of them then
	Pending     int64 `json:"pending"`   // planned, or accepted and without a last report
	Delivered   int64 `json:"delivered"`
	Undelivered int64 `json:"undelivered"`
	Expired     int64 `json:"expired"`
	Unreported  int64 `json:"unreported"`
	Refused     int64 `json:"refused"`
	Rejected    int64 `json:"rejected"`
	Lapsed      int64 `json:"lapsed"`
	InDoubt     int64 `json:"in_doubt"`
}

// count adds messages of one standing; submitted says that an SMSC accepted them.
func (c *Counts) count(state sms.State, submitted bool, messages int64) {
	c.Requested += messages
	if submitted {
		c.Submitted += messages
	}
	switch state {
	case sms.Planned, sms.Submitted:
		c.Pending += messages
	case sms.Delivered:
		c.Delivered += messages
	case sms.Undelivered:
		c.Undelivered += messages
	case sms.Expired:
		c.Expired += messages
	case sms.Unreported:
		c.Unreported += messages
	case sms.Refused:
		c.Refused += messages
	case sms.Rejected:
		c.Rejected += messages
	case sms.Lapsed:
		c.Lapsed += messages
	case sms.InDoubt:
		c.InDoubt += messages
	}
}

// Each lists the counts in the order of their declaration.
func (c Counts) Each() [11]int64 {
	return [...]int64{c.Requested, c.Submitted, c.Pending, c.Delivered, c.Undelivered, c.Expired, c.Unreported, c.Refused,
		c.Rejected, c.Lapsed, c.InDoubt}
}

// deliveredPercent is nil where none was to be delivered.
func (c *Counts) deliveredPercent() *float64 {
	sendable := c.Requested - c.Rejected
	if sendable == 0 {
		return nil
	}
	percent := 100 * float64(c.Delivered) / float64(sendable)
	return &percent
}
