package storage

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// masterKeySize is the master key's size in bytes. Its file holds it in hexadecimal, so that it can be kept on paper.
const masterKeySize = 32

// masterKey returns the master key in the folder, which it makes, with the key, where it is missing.
func masterKey(folder string) ([]byte, error) {
	if err := makeKeyFolder(folder); err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "master.key")
	key, err := readKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := writeKey(folder, file); err != nil {
		return nil, err
	}
	return readKey(file) // another process may have been first
}

func makeKeyFolder(folder string) error {
	// Others may pass through the data folder, since a server under another user may run in it, but read nothing.
	if err := os.MkdirAll(filepath.Dir(folder), 0o711); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	err := os.Mkdir(folder, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the key folder: %w", err)
	}
	if err == nil {
		if err := syncFolder(filepath.Dir(folder)); err != nil {
			return err
		}
	}
	return private(folder, 0o700)
}

// private makes sure that nobody but its owner has access to a file or folder.
func private(path string, want fs.FileMode) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("others have access to %s (mode %04o): chmod %o %[1]s", path, mode, want)
	}
	return nil
}

func readKey(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	if err := private(file, 0o600); err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimRight(string(text), "\r\n"))
	if err != nil || len(key) != masterKeySize {
		// The cause would quote the key.
		return nil, fmt.Errorf("%s is not %d hexadecimal digits: put its backup back; a new key reveals no number of the old one",
			file, 2*masterKeySize)
	}
	return key, nil
}

// writeKey puts a new random key under the file's name, unless there is one by then. It is on the disk, whole, before
// it has that name.
func writeKey(folder, file string) error {
	key := make([]byte, masterKeySize)
	rand.Read(key) // never fails, as package rand promises
	temp, err := os.CreateTemp(folder, "new-*")
	if err != nil {
		return fmt.Errorf("make the master key: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("write the master key: %w", err)
	}
	if err := os.Link(temp.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("name the master key: %w", err)
	}
	return syncFolder(folder)
}

// syncFolder makes the names in a folder last.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", folder, err)
	}
	return nil
}
