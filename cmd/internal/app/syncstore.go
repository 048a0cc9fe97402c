package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// storeEvery is how often the folder of an embedded server that does not sync every write is synced as a whole.
const storeEvery = time.Second

// syncStore syncs the embedded server's folder until ctx ends. At an interval the server syncs messages and the keys of their
// blocks, but not what it writes where a stream or consumer is made: a power cut leaves a key file of no length, at which
// nats-server 2.15 panics.
func (a *App) syncStore(ctx context.Context) error {
	if a.cfg.NATS.URL != "" || a.cfg.NATS.Sync == "always" {
		return nil
	}
	folder := filepath.Join(a.cfg.Data, "nats")
	look := func() {
		if err := syncFileSystem(folder); err != nil {
			a.log.Warn("the NATS store can't be synced as a whole; after a power cut the embedded server may not start", "error", err)
		}
	}
	look()
	return every(ctx, storeEvery, look)
}

// syncFileSystem writes all that is pending on the file system of a folder.
func syncFileSystem(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return fmt.Errorf("sync %s: %w", folder, err)
	}
	return nil
}
