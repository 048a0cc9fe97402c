// Package bind keeps the connections to one SMSC.
package bind
