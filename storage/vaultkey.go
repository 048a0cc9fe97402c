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

// masterKeySize is the master key's size in bytes. Wherever it stands it is in hexadecimal, so that it can be kept on paper.
const masterKeySize = 32

// MasterSource says where the master key is. All empty: keys/master.key under the data folder, the only one that is made
// where it is missing. At most one is set.
type MasterSource struct {
	File       string // readable by its owner alone
	Env        string // environment variable
	Credential string // name under $CREDENTIALS_DIRECTORY, where systemd puts what LoadCredential= names
}

// path is the file that the source is in, where it is one that a rotation may write.
func (s MasterSource) path(f keyFolder) string {
	switch {
	case s.Env != "" || s.Credential != "":
		return ""
	case s.File != "":
		return s.File
	}
	return f.file(masterFile)
}

// read returns the master key. The errors say what to do, and never quote the key.
func (s MasterSource) read(f keyFolder) ([]byte, error) {
	switch {
	case s.Env != "":
		text, ok := os.LookupEnv(s.Env)
		if !ok {
			return nil, fmt.Errorf("the environment has no %s: set it to the master key", s.Env)
		}
		return parseMaster(text, "the environment variable "+s.Env)
	case s.Credential != "":
		return s.readCredential()
	}
	path := s.path(f)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w; put it there", err)
	}
	if err := private(path, 0o600); err != nil {
		return nil, err
	}
	return parseMaster(string(text), path)
}

// readCredential reads a systemd credential, whose folder systemd closes to others by itself.
func (s MasterSource) readCredential() ([]byte, error) {
	folder, err := credentialFolder(s.Credential)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, s.Credential))
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w; the unit needs LoadCredential=%s:PATH", err, s.Credential)
	}
	return parseMaster(string(text), "the credential "+s.Credential)
}

// credentialFolder returns where systemd puts a unit's credentials, for one of them.
func credentialFolder(name string) (string, error) {
	folder := os.Getenv("CREDENTIALS_DIRECTORY")
	if folder == "" {
		return "", fmt.Errorf("there is no $CREDENTIALS_DIRECTORY: run it from a systemd unit with LoadCredential=%s:PATH", name)
	}
	if name != filepath.Base(name) {
		return "", fmt.Errorf("%q is no name of a systemd credential", name)
	}
	return folder, nil
}

func parseMaster(text, where string) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimRight(text, "\r\n"))
	if err != nil || len(key) != masterKeySize {
		// The cause would quote the key.
		return nil, fmt.Errorf("%s is not %d hexadecimal digits: put its backup back; a new key reveals no number of the old one",
			where, 2*masterKeySize)
	}
	return key, nil
}

func newMasterKey() []byte {
	key := make([]byte, masterKeySize)
	rand.Read(key) // never fails, as package rand promises
	return key
}

// putMaster writes a master key, whole, over what a file holds.
func (f keyFolder) putMaster(path string, key []byte) error {
	if err := f.put(path, []byte(hex.EncodeToString(key)+"\n"), true); err != nil {
		return fmt.Errorf("write the master key: %w", err)
	}
	return nil
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
	if err == nil && os.Geteuid() == 0 {
		owner, err := ownerOf(filepath.Dir(folder)) // the gateway's user
		if err := errors.Join(err, give(folder, owner, 0)); err != nil {
			return fmt.Errorf("make the key folder: %w", err)
		}
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
