// Package dispatch takes one request from the register's check to its outcome in the ledger: the one function to read
// first is (*Dispatcher).Send. On the way back it makes every receipt durable before the SMSC is told that we have it.
//
// Order on the way out: check → render → encode → choose an SMSC → ledger says planned → submit → ledger says what came
// of it. An attempt that was throttled, turned away or never written is followed by another while the deadline lasts;
// one that was written and not answered is in doubt, and the policy of its class decides.
package dispatch
