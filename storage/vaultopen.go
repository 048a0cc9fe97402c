package storage

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// OpenVault opens the keys of a data folder: the ring in keys/ring.json, which the master key unwraps. Folder, ring and, where
// the source names none, the master key are made where they have never been; processes that do so at once agree. The errors
// say what is to be done.
func OpenVault(dataDir string, from MasterSource) (*Vault, error) {
	v := &Vault{folder: keyFolder{path: filepath.Join(dataDir, "keys")}, from: from}
	v.stale.Store(true)
	if err := v.open(); err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	return v, nil
}

func (v *Vault) open() error {
	if err := makeKeyFolder(v.folder.path); err != nil {
		return err
	}
	unlock, err := v.folder.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if _, _, err := v.folder.readRing(); errors.Is(err, fs.ErrNotExist) {
		if err := v.first(); err != nil {
			return err
		}
	}
	return v.load()
}

// first makes the ring of a folder that has none. Where its master key is older than the ring, an earlier version
// has sealed with keys derived from it: these are taken along, as are those of stores that other programs keep.
func (v *Vault) first() error {
	key, err := v.from.read(v.folder)
	fresh := errors.Is(err, fs.ErrNotExist) && v.from == MasterSource{}
	if fresh {
		key = newMasterKey()
		err = v.folder.putMaster(v.from.path(v.folder), key)
	}
	if err != nil {
		return err
	}
	m, err := newMaster(key)
	if err != nil {
		return err
	}
	// Gateways that share a master key give a number one mark.
	marks, err := derive(key, "harkara ring 1: marks", secretSize)
	if err != nil {
		return err
	}
	seed, store := make([]byte, secretSize), make([]byte, secretSize)
	rand.Read(seed) // never fails, as package rand promises
	rand.Read(store)
	r := &ring{Version: ringVersion, Master: m.fingerprint}
	if !fresh {
		var legacy ringKey
		if legacy, store, err = legacyKeys(m, key); err != nil {
			return err
		}
		r.Keys = []ringKey{legacy}
	}
	r.Own = ownKeys{Store: m.wrap(nil, "store", store), Marks: m.wrap(nil, "marks", marks), Signing: m.wrap(nil, "signing", seed)}
	return v.folder.writeRing(r, false)
}

// load takes in the ring as it is on the disk, with the master key that it needs. The lock is held.
func (v *Vault) load() error {
	r, info, err := v.folder.readRing()
	if err != nil {
		return err
	}
	m, previous, err := v.masterOf(r)
	if err != nil {
		return err
	}
	return v.take(r, info, m, previous)
}

// masterOf returns the master key that a ring needs, and the one before it where a rotation is not finished. One that was
// interrupted before its ring was durable is taken back. The lock is held.
func (v *Vault) masterOf(r *ring) (m, previous *master, err error) {
	key, missing := v.from.read(v.folder)
	if missing == nil {
		if m, err = newMaster(key); err != nil {
			return nil, nil, err
		}
	}
	oldKey, err := MasterSource{File: v.folder.file(oldMasterFile)}.read(v.folder)
	if err == nil {
		if previous, err = newMaster(oldKey); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case m != nil && m.fingerprint == r.Master:
		return m, previous, nil
	case previous != nil && previous.fingerprint == r.Master && v.from.path(v.folder) != "":
		if err := v.folder.putMaster(v.from.path(v.folder), oldKey); err != nil {
			return nil, nil, err
		}
		return previous, nil, v.folder.drop(oldMasterFile)
	case missing != nil:
		return nil, nil, missing
	}
	return nil, nil, fmt.Errorf("keys/ring.json is %w: it needs the one with the fingerprint %s, not %s",
		ErrOtherMaster, r.Master, m.fingerprint)
}
