package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// keyFolder is the folder keys under the data folder. What is changed in it is changed by one process at a time.
type keyFolder struct {
	path string
	step func(name string) error // before each step of a change; an error ends it there. For tests; else nil
}

func (f keyFolder) file(name string) string { return filepath.Join(f.path, name) }

// Names in the key folder.
const (
	ringFile      = "ring.json"
	lockFile      = "ring.lock"
	masterFile    = "master.key"
	oldMasterFile = "master.key.old" // the master key before a rotation that is not finished
)

// ringPatience is how long a change waits for another one, which takes milliseconds.
const ringPatience = 5 * time.Second

// lock keeps other processes, and others of this one, from changing the folder until unlock is called.
func (f keyFolder) lock() (unlock func(), err error) {
	file, err := os.OpenFile(f.file(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the keys: %w", err)
	}
	if err := f.own(f.file(lockFile)); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock the keys: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), ringPatience)
	defer cancel()
	for {
		switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case err == nil:
			return func() { file.Close() }, nil // the lock ends with the file
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			file.Close()
			return nil, fmt.Errorf("lock the keys: %w", err)
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("another process holds %s: end it", f.file(lockFile))
		}
	}
}

// readRing returns the ring and what its file is, by which a later change is seen. It fails with fs.ErrNotExist where
// there has never been one.
func (f keyFolder) readRing() (*ring, fs.FileInfo, error) {
	file, err := os.Open(f.file(ringFile))
	if errors.Is(err, fs.ErrNotExist) && f.hadRing() {
		return nil, nil, fmt.Errorf("%s is gone: put its backup back. Without it what it sealed stays sealed; "+
			"to go on nevertheless, remove %s", f.file(ringFile), f.file(lockFile))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the keys: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("read the keys: %w", err)
	}
	text := make([]byte, info.Size())
	if _, err := file.ReadAt(text, 0); err != nil {
		return nil, nil, fmt.Errorf("read the keys: %w", err)
	}
	r, err := parseRing(text)
	return r, info, err
}

// hadRing says whether a ring was ever finished here: the lock's file says so.
func (f keyFolder) hadRing() bool {
	info, err := os.Stat(f.file(lockFile))
	return err == nil && info.Size() > 0
}

// writeRing puts a ring in the place of the one that is there. It is durable when this returns; interrupted anywhere, one of
// the two is there, whole. What the old one's file held is overwritten where scrub says so. The lock is held.
func (f keyFolder) writeRing(r *ring, scrub bool) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("write the keys: %w", err)
	}
	if err := f.put(f.file(ringFile), append(text, '\n'), scrub); err != nil {
		return fmt.Errorf("write the keys: %w", err)
	}
	if f.hadRing() {
		return nil
	}
	lock, err := os.OpenFile(f.file(lockFile), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write the keys: %w", err)
	}
	_, err = lock.WriteString("a ring of keys was made here\n")
	return errors.Join(err, lock.Sync(), lock.Close())
}

// put writes a file whole: under another name, to the disk, then over the old one, for the same owner.
func (f keyFolder) put(path string, text []byte, scrub bool) error {
	owner, err := f.ownerFor(path)
	if err != nil {
		return err
	}
	temp := path + ".new"
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := give(temp, owner, os.Geteuid()); err != nil {
		return errors.Join(err, file.Close(), os.Remove(temp))
	}
	_, err = file.Write(text)
	if err := errors.Join(err, f.did("sync", path)); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := errors.Join(file.Sync(), file.Close(), f.did("rename", path)); err != nil {
		return err
	}
	var old *os.File
	if scrub {
		if old, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := errors.Join(os.Rename(temp, path), f.did("folder", path)); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil || old == nil {
		return err
	}
	return errors.Join(f.did("scrub", path), overwrite(old))
}

// did lets a test end a change before a step.
func (f keyFolder) did(step, path string) error {
	if f.step == nil {
		return nil
	}
	return f.step(step + " " + filepath.Base(path))
}

// overwrite blanks what a file holds, as far as a program can: a disk may keep copies of its own.
func overwrite(file *os.File) error {
	info, err := file.Stat()
	if err == nil {
		_, err = file.WriteAt(make([]byte, info.Size()), 0)
	}
	return errors.Join(err, file.Sync(), file.Close())
}

// drop overwrites and removes a file that may be there.
func (f keyFolder) drop(name string) error {
	file, err := os.OpenFile(f.file(name), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := errors.Join(f.did("drop", name), overwrite(file)); err != nil {
		return err
	}
	return errors.Join(os.Remove(f.file(name)), syncFolder(f.path))
}
