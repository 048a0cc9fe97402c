package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// mendStore takes out of an embedded server's folder what one that was killed has left half made: a block of messages
// without its key, which is written next, so that nothing is in it yet. A server that finds one when it starts calls the
// stream corrupt and deletes all of it (nats-server 2.15.2, where the store is encrypted).
func mendStore(dir string) error {
	blocks, err := fs.Glob(os.DirFS(dir), "jetstream/*/streams/*/msgs/*.blk")
	if err != nil {
		return fmt.Errorf("look through the NATS store: %w", err)
	}
	for _, block := range blocks {
		file := filepath.Join(dir, block)
		info, err := os.Stat(file)
		if err != nil {
			return fmt.Errorf("look through the NATS store: %w", err)
		}
		if info.Size() > 0 {
			continue
		}
		if _, err := os.Stat(strings.TrimSuffix(file, ".blk") + ".key"); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("mend the NATS store: %w", err)
		}
	}
	return nil
}
