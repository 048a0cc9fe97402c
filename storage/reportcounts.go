package storage

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

// selectCounts selects Counts over v_message, in the order of each.
const selectCounts = `
		count(*), count(submitted_at), count(*) FILTER (WHERE state IN ('planned', 'submitted')),
		count(*) FILTER (WHERE state = 'delivered'), count(*) FILTER (WHERE state = 'undelivered'),
		count(*) FILTER (WHERE state = 'expired'), count(*) FILTER (WHERE state = 'unreported'),
		count(*) FILTER (WHERE state = 'refused'), count(*) FILTER (WHERE state = 'rejected'),
		count(*) FILTER (WHERE state = 'lapsed'), count(*) FILTER (WHERE state = 'in_doubt')`

// each lists the counts in the order of their declaration.
func (c *Counts) each() [11]*int64 {
	return [...]*int64{&c.Requested, &c.Submitted, &c.Pending, &c.Delivered, &c.Undelivered, &c.Expired, &c.Unreported,
		&c.Refused, &c.Rejected, &c.Lapsed, &c.InDoubt}
}

// Each lists the counts in the order of their declaration.
func (c Counts) Each() (counts [11]int64) {
	for i, n := range c.each() {
		counts[i] = *n
	}
	return counts
}

// into appends where a query's counts are scanned into.
func (c *Counts) into(list []any) []any {
	for _, n := range c.each() {
		list = append(list, n)
	}
	return list
}

func (c *Counts) add(part Counts) {
	for i, n := range part.Each() {
		*c.each()[i] += n
	}
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
