// Package state keeps what package otp says in NATS: subjects in a key-value bucket, compared and swapped; counters of
// limits in another; and timers that survive a restart. Any number of processes may share them.
//
//	OTP        s.<subject> a subject, e.<enrolment> an authenticator app, c.<claim> an idempotency id
//	OTP_LIMIT  <counter>.<seconds>.<n> what was counted in the n-th window of so many seconds since 1970
//	OTP_TIMER  otp.timer.<challenge> waits for its time and then comes as otp.due.<challenge>
//
// A change is a message that expects the revision which it was decided upon (bucket.change); what its process wrote last is
// remembered, so it costs one round trip. No key, subject or value has a code or a number in the clear.
package state
