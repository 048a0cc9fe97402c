// Package pgtest finds tests of PostgreSQL a place.
package pgtest

import (
	"os"
	"syscall"
)

const (
	memory = "/dev/shm" // a file system in memory, as Linux has one
	room   = 4 << 30    // of octets: more than the databases of a package's tests take
)

// Dir makes a folder with a short name, as Unix sockets ask for, that PostgreSQL's user may pass through: in memory where
// there is room, since tests make hundreds of databases of hundreds of files each, and else in /tmp. It is the caller's
// to remove.
func Dir() (string, error) {
	parent := "/tmp"
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err == nil && fs.Bavail*uint64(fs.Bsize) >= room {
		parent = memory
	}
	dir, err := os.MkdirTemp(parent, "hk")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}
