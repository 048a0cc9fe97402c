// Package app builds the gateway out of its parts and takes it down again: the one place where concrete types are
// made and joined. It also reads and checks the configuration.
package app
