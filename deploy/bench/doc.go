// Command bench measures one bind of Harkara (package bind's Pool) beside go-smpp's Transceiver: the same messages, the
// same window, the same simulated SMSC in a process of its own, in alternating rounds of one run. It is a module of its
// own so that go-smpp's client is no dependency of the gateway.
//
// main.go runs the rounds, measure.go times one of them, simulator.go keeps the SMSC's process, pool.go and
// transceiver.go are the two clients, report.go makes figures into a table and a line of JSON, cores.go gives each
// process its core.
package main
