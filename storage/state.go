package storage

import "harkara/smpp/sms"

// rank orders the states by how far a message has got, which decides what may follow what: a state gives way to one of
// higher rank only (G5).
var rank = map[sms.State]int{
	sms.Planned:     0,
	sms.InDoubt:     1, // the SMSC may have it: an answer that comes late still says so
	sms.Rejected:    2, // the ends before the network: only proof that a phone was tried outranks them
	sms.Lapsed:      2,
	sms.Refused:     2,
	sms.Submitted:   3, // the SMSC has it
	sms.Unreported:  4, // nobody says what became of it
	sms.Expired:     5, // the SMSC says that it failed
	sms.Undelivered: 5,
	sms.Delivered:   6, // the phone has it: nothing undoes that
}

// final says whether a message may rest in a state. In doubt is no end: a late answer makes it submitted.
func final(s sms.State) bool {
	return s != sms.Planned && s != sms.Submitted && s != sms.InDoubt
}

// mayFollow says whether a message may go from one state to another: to a higher rank, and never from an end to what
// is not one.
func mayFollow(from, to sms.State) bool {
	return rank[to] > rank[from] && (final(to) || !final(from))
}
