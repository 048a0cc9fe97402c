// Command smscsim is an SMSC to test against: package smsctest as a program, with its books over HTTP.
//
// main.go hands over to run, flags.go and scrub.go read the command line, tls.go opens the address for SMPP, serve.go runs the SMSC
// until a signal, books.go writes what came as JSON.
package main
