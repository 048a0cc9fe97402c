package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"harkara/storage"
)

// lockPatience is how long a start waits for another gateway to leave the data folder.
const lockPatience = 5 * time.Second

// makeData makes the data folder. Others may pass through it, since PostgreSQL runs as another user when the gateway
// runs as root; what is in it is closed to them.
func makeData(dir string) error {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// OpenVault opens the keys of the data folder.
func OpenVault(cfg *Config) (*storage.Vault, error) {
	if err := makeData(cfg.Data); err != nil {
		return nil, err
	}
	return storage.OpenVault(cfg.Data, storage.MasterSource{File: cfg.Keys.MasterFile, Env: cfg.Keys.MasterEnv,
		Credential: cfg.Keys.MasterCredential})
}

// errLocked says that another process has the data folder's lock.
var errLocked = errors.New("the data folder is in use")

// tryLockData takes the data folder's lock, which keeps a second embedded server from writing into one store.
func tryLockData(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "gateway.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		return func() { f.Close() }, nil // the lock ends with the file
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = errLocked
	default:
		err = fmt.Errorf("lock the data folder: %w", err)
	}
	f.Close()
	return nil, err
}

// LockData is tryLockData that waits a little: a gateway that was killed a moment ago may still be on its way out.
func LockData(ctx context.Context, dir string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		if unlock, err = tryLockData(dir); !errors.Is(err, errLocked) {
			return unlock, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("another gateway, or a command on its ledger, works on the data folder %s: stop it, or set another one in data", dir)
		}
	}
}
