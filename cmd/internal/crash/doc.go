// Package crash holds a test that kills the gateway: at named places (see the failpoints of package app) and at random
// instants, again and again, with its embedded NATS and now and then with its PostgreSQL. What the simulated SMSCs and
// the tenants wrote into their own books is the truth; the database, the ledger and the statuses are held against it by
// the guarantees G1 to G5. A short form runs in `make test`, hundreds of rounds in `make crash`.
package crash
