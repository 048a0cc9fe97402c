// Package interop holds a test of the gateway against programs that share no code with it: SMSCs made with node-smpp,
// Perl's Net::SMPP and Kannel, a tenant on the JavaScript NATS client, and tshark's SMPP dissector as the judge of every
// octet between them, those within TLS too. Each peer is several SMSCs of the configuration where it can be, with another
// coding each, and tells the texts as it put them together. It is behind the build tag interop; `make interop` installs
// the peers and runs it.
package interop
