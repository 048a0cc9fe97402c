// Package demo runs the whole gateway on embedded parts: NATS, a private PostgreSQL, two simulated SMSCs and the sample
// register. It publishes as two tenants, follows their statuses, and at the end counts in the simulators' own books
// and in the database, never by the gateway's counters. The benchmark of the whole path is the same run, measured.
package demo
