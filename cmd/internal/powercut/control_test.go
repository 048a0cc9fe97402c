//go:build powercut

package powercut

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestControl shows that a copy is what a power cut leaves: a file that was synced is whole in it, one that was not is
// missing or short, though those who read the mounted file system see both.
func TestControl(t *testing.T) {
	dir := os.Getenv(folderVar)
	image, cut := filepath.Join(dir, "control.img"), filepath.Join(dir, "control-cut.img")
	at := filepath.Join(dir, "control")
	must(t, makeImage(image))
	d, err := mountImage(image, at)
	must(t, err)
	content := bytes.Repeat([]byte("octet\n"), 100_000)
	write := func(name string, sync bool) {
		f, err := os.Create(filepath.Join(at, name))
		must(t, err)
		_, err = f.Write(content)
		must(t, err)
		if sync {
			must(t, f.Sync())
		}
		must(t, f.Close())
	}
	write("synced", true)
	write("unsynced", false)
	must(t, d.capture(cut))
	for _, name := range []string{"synced", "unsynced"} {
		if got, err := os.ReadFile(filepath.Join(at, name)); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s before the cut: %d octets, %v", name, len(got), err)
		}
	}
	must(t, d.unmount())

	d, err = mountImage(cut, at)
	must(t, err)
	if got, err := os.ReadFile(filepath.Join(at, "synced")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("a file that was synced has %d of %d octets, %v", len(got), len(content), err)
	}
	got, err := os.ReadFile(filepath.Join(at, "unsynced"))
	if err != nil && !errors.Is(err, os.ErrNotExist) || len(got) == len(content) {
		t.Errorf("a file that was not synced has %d of %d octets, %v: nothing is lost here", len(got), len(content), err)
	}
	t.Logf("of %d octets: synced all are there, unsynced %d (%v)", len(content), len(got), err)
	must(t, d.unmount())
	must(t, check(cut))
}

// must ends the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
