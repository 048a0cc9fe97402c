// Package otp is what a one-time password is, from the request to the answer: codes, challenges, policies, counting and
// locking. It is pure: no clock, no network; the time comes as an argument, and what is to be kept is a value.
//
//	request ──▶ Subject.Request ──▶ code (never kept) ──▶ sms.T.send.otp
//	verify  ──▶ Subject.Verify  ──▶ ok | wrong | expired | used | locked
//	time    ──▶ Subject.Due     ──▶ the next step of the workflow, or the end of the challenge
//
// Everything about one tenant's number and purpose is one Subject: its challenges and its failures. Whoever keeps it
// (package state) compares and swaps it whole, so that counting and single use are exact over any number of processes.
//
// A code is the RFC 4226 truncation of an HMAC-SHA-256 over tenant, number, purpose, challenge and counter. It is computed
// again to be compared and is in no record. A challenge's id tells nothing of its number: it is one block of AES.
package otp
