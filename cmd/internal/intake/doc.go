// Package intake takes requests off JetStream: one durable pull consumer for each tenant and class, pulled by weighted
// turns and only for free room, so that JetStream holds the backlog and memory does not. A request is acknowledged
// when dispatch has its outcome in the ledger; until then it is JetStream's to bring again, to this gateway or another:
// see lease.go for how no two of them send it unknown to each other.
package intake
