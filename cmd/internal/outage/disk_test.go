package outage

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// mount puts a file system in memory on a new folder until the test ends. It returns the folder, or nothing where only
// others may mount.
func mount(t *testing.T, dir string, size string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("harkara-test", dir, "tmpfs", 0, "mode=0711,size="+size); err != nil {
		return ""
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes all that is left of a file system and returns what gives it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	chunk := make([]byte, 64<<10)
	for len(chunk) > 0 {
		if _, err := f.Write(chunk); err != nil {
			chunk = chunk[:len(chunk)/2]
		}
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

const needsMount = "nothing is filled: mounting the small file system for that needs root"

// tablesFull leaves no room for tables while there is some for the log (pg_wal): every COPY fails.
func tablesFull(t *testing.T, w *world) {
	if w.database.small == "" {
		t.Log(needsMount)
		return
	}
	var free func()
	w.outage(t, 6*time.Second, func() { free = fill(t, w.database.small) }, func() { free() })
}

// smallCluster is a cluster of which all is on a small file system.
func smallCluster(t *testing.T, dir string) *database {
	if mount(t, dir, "600m") == "" {
		t.Skip(needsMount)
	}
	d := newDatabase(t, dir)
	d.small = dir
	return d
}

// allFull leaves no room for the log either. PostgreSQL goes on until the log needs a new file; then it panics and does not
// come up again. Somebody who watches over it (systemd's Restart=) starts it once there is room.
func allFull(t *testing.T, w *world) {
	from := time.Now()
	free := fill(t, w.database.small)
	eventually(t, time.Minute, "PostgreSQL is down", func() bool { return !w.database.running() })
	down := time.Now()
	pass(10 * time.Second)
	w.watch.wentOn(t, from, down, false)
	w.watch.wentOn(t, down, time.Now(), true)
	free()
	w.database.start(t)
	w.recovered(t)
}
