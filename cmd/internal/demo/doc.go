// Package demo runs the whole gateway on embedded parts: NATS, a private PostgreSQL, two simulated SMSCs and the sample
// register. It publishes as two tenants, follows their statuses, and at the end counts in the simulators' own books
// and in the database, never by the gateway's counters. The benchmark of the whole path is the same run, measured.
// Then simulated people ask the OTP service for codes, read them out of the texts that the simulators took, and type them.
package demo
