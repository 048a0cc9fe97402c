// Package router decides where a message goes: which route of the table it matches, in which order the route's SMSCs
// are to be tried, and why the others are not. It also holds what is counted by tenant: daily limits, and whose turn it is.
// It is pure: health, time and chance are arguments.
//
//	NewTable → Table.Select (a Decision) and Table.Explain (the same decision in words)
//	Tenant · Daily (its limit by day) · Turns (whose turn it is)
package router
