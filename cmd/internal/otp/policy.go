package otp

import "time"

// Alphabet is what codes are made of.
type Alphabet string

// The alphabets.
const (
	Digits  Alphabet = "digits"
	Letters Alphabet = "letters" // digits and capital letters without look-alikes
)

// Policy is the rules for one purpose.
type Policy struct {
	Length   int
	Alphabet Alphabet
	Life     time.Duration   // at most MaxLife
	Sends    int             // of one challenge, the first and those of the workflow included
	Tries    int             // of one challenge
	Cooldown []time.Duration // after the first, second, … send in a row, whatever their challenges; the last holds on
	// LockAfter wrong codes in a row, whatever their challenges, lock number and purpose for Lock[0]; as many more for
	// Lock[1], and so on; the last holds on.
	LockAfter int
	Lock      []time.Duration
	Workflow  []Step
}

// MaxLife is the longest that a code may live (NIST SP 800-63B-4 §3.1.3.2).
const MaxLife = 10 * time.Minute

// StepKind is what a step does.
type StepKind string

// The kinds of step.
const (
	ByBest    StepKind = "sms"     // by the best route
	ByNext    StepKind = "next"    // by a route that has not had it
	ByWebhook StepKind = "webhook" // a provider of voice or WhatsApp is told
)

// Step is one way of a workflow to bring the code.
type Step struct {
	Kind    StepKind
	Webhook string        // its name in the configuration
	Wait    time.Duration // for "delivered", before the next step
}

// DefaultPolicy returns the rules of a purpose where the configuration has none.
func DefaultPolicy(p Purpose) Policy {
	d := Policy{Length: 6, Alphabet: Digits, Life: 5 * time.Minute, Sends: 4, Tries: 5,
		Cooldown:  []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute},
		LockAfter: 5, Lock: []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 24 * time.Hour},
		Workflow: []Step{{Kind: ByBest, Wait: 30 * time.Second}, {Kind: ByNext, Wait: 30 * time.Second}}}
	switch p {
	case Registration, Reset:
		d.Life = MaxLife
	case Transaction, ReportAccess:
		d.Life, d.Tries = 3*time.Minute, 3
	}
	return d
}
