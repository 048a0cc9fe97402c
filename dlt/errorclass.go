package dlt

// ErrorClass is what an error code blames, and with it what is to be done.
type ErrorClass string

// The classes. Sending the same message again helps only where the code is retryable.
const (
	// Registration: hold what is at fault on this SMSC, tell compliance, do not send again before it is mended.
	ClassEntity   ErrorClass = "entity"   // the principal entity
	ClassHeader   ErrorClass = "header"   // the header, or its links to entity and template
	ClassTemplate ErrorClass = "template" // the template itself
	ClassChain    ErrorClass = "chain"    // a telemarketer, the PE-TM chain, or what was sent of it
	ClassCTA      ErrorClass = "cta"      // a URL, number or address: whitelist it, or take it out of the text
	ClassCategory ErrorClass = "category" // header, template and account do not go together

	// The message: do not send it again as it is.
	ClassContent    ErrorClass = "content"    // the text is not its template's: a finding on the template, lint it
	ClassPreference ErrorClass = "preference" // the subscriber does not want it: respect that
	ClassHours      ErrorClass = "hours"      // not at this hour: send it later

	// The way: where the code is retryable, send it again while it is alive.
	ClassScrubber   ErrorClass = "scrubber"   // the scrubber failed: one quick retry, on another SMSC if there is one
	ClassSubscriber ErrorClass = "subscriber" // the number takes no SMS: have it checked, do not send to it again
	ClassHandset    ErrorClass = "handset"    // off, busy, full, or not able to take it
	ClassNetwork    ErrorClass = "network"    // the mobile network failed
	ClassThrottled  ErrorClass = "throttled"  // too much at once: slow down first
	ClassUnknown    ErrorClass = "unknown"    // it failed, the SMSC does not say why: ask the operator
)
