package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ownerID is a user and a group of the system.
type ownerID struct{ user, group int }

func ownerOf(path string) (ownerID, error) {
	info, err := os.Stat(path)
	if err != nil {
		return ownerID{}, err
	}
	of := info.Sys().(*syscall.Stat_t)
	return ownerID{int(of.Uid), int(of.Gid)}, nil
}

// ownerFor returns who is to own a file: in the key folder whoever owns that, since the gateway runs as that user and reads
// what others put there; elsewhere whoever owns the file, or its folder where there is none yet.
func (f keyFolder) ownerFor(path string) (ownerID, error) {
	folder := filepath.Dir(path)
	if folder != f.path {
		if owner, err := ownerOf(path); !errors.Is(err, fs.ErrNotExist) {
			return owner, err
		}
	}
	return ownerOf(folder)
}

// own gives a file of the key folder to who is to own it.
func (f keyFolder) own(path string) error {
	owner, err := f.ownerFor(path)
	if err != nil {
		return err
	}
	return give(path, owner, os.Geteuid())
}

// give makes a new file another user's where that is who is to own it. Only root may; anybody else is told who could.
func give(path string, to ownerID, euid int) error {
	switch {
	case to.user == euid:
		return nil
	case euid != 0:
		return fmt.Errorf("%s is of the user with id %d, who could not read what user %d writes: run this as that user, or as root",
			filepath.Dir(path), to.user, euid)
	}
	return os.Lchown(path, to.user, to.group)
}
