// Package interop holds a test of the gateway against programs that share no code with it: SMSCs made with node-smpp,
// Perl's Net::SMPP and Kannel, a tenant on the JavaScript NATS client, and tshark's SMPP dissector as the judge of every
// octet between them. It is behind the build tag interop; `make interop` installs the peers and runs it.
package interop
