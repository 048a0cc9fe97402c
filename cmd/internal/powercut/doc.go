//go:build powercut

// Package powercut cuts the power of a gateway under load: its data lie on a file system of their own in an image file,
// every process that writes there is stopped at a random instant, and the image is copied as the disk has it then, without
// what only the page cache of the mounted file system holds. A gateway is started on the copy, and what tenants and SMSCs
// were told before is held against its books. Build with the tag powercut, as root: make powercut.
//
// The image is what the file system has handed to its device. A disk that loses what it took and was not yet told to flush,
// or that tears a write, is not imitated: PostgreSQL's and NATS's answers to these are their own.
package powercut
