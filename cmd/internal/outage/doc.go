// Package outage holds tests of a gateway whose PostgreSQL or NATS is away, slow, full, closed to writing, or cut off in the
// middle of a COMMIT, under load. Sending and receipts go on where design decision D3 says so and hold where it does not,
// /readyz and /metrics tell, recovery is by itself, and in the end the simulators' books, the tenants' books, the statuses
// and the database agree on every request. Some rows run with all tests; `make outages` runs all.
package outage
