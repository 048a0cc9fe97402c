//go:build powercut

package powercut

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// imageSize is how large the file system is; its file is sparse.
const imageSize = 2 << 30

// makeImage makes a file that holds an empty ext4. Nothing is left to be initialised in the background, which would write
// while a copy is made.
func makeImage(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(imageSize), f.Close()); err != nil {
		return err
	}
	return command("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", path)
}

// command runs a program of the system.
func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// disk is an image that is mounted, with ext4's defaults: data=ordered, barriers, a commit every five seconds.
type disk struct{ image, at string }

// mountImage mounts an image by a loop device of its own, which goes when it is unmounted.
func mountImage(image, at string) (*disk, error) {
	if err := os.MkdirAll(at, 0o755); err != nil {
		return nil, err
	}
	return &disk{image, at}, command("mount", "-o", "loop", image, at)
}

// unmount waits until those who were killed have let go.
func (d *disk) unmount() error {
	var err error
	for range 100 {
		if err = syscall.Unmount(d.at, 0); !errors.Is(err, syscall.EBUSY) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("unmount %s: %w", d.at, err)
	}
	return nil
}

// check looks for faults in the file system of an image that is not mounted.
func check(image string) error { return command("e2fsck", "-f", "-n", image) }

// written is what the kernel counts of a block device: writes and flushes done, and requests under way
// (Documentation/block/stat.rst).
type written struct{ writes, sectors, flying, flushes uint64 }

func (d *disk) written() (w written, err error) {
	var stat syscall.Stat_t
	if err := syscall.Stat(d.at, &stat); err != nil {
		return w, err
	}
	raw, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/stat", stat.Dev>>8&0xfff, stat.Dev&0xff))
	if err != nil {
		return w, err
	}
	var n [17]uint64
	for i, field := range strings.Fields(string(raw)) {
		if i < len(n) {
			if _, err := fmt.Sscan(field, &n[i]); err != nil {
				return w, fmt.Errorf("%s: %w", raw, err)
			}
		}
	}
	return written{writes: n[4], sectors: n[6], flying: n[8], flushes: n[15]}, nil
}

// capture copies the image as the device has it at one instant: where the kernel wrote to the device while the copy was
// made, it is made again. The reads see what the loop device wrote, since both go by the page cache of the image's file; what
// the mounted file system has not written yet is in another cache, that of its own files.
func (d *disk) capture(to string) error {
	var seen []written
	for range 200 {
		before, err := d.written()
		if err != nil {
			return err
		}
		if before.flying == 0 {
			if err := copyImage(d.image, to); err != nil {
				return err
			}
		}
		after, err := d.written()
		if err != nil {
			return err
		}
		seen = append(seen, before, after)
		if before.flying == 0 && before == after {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("the device is written to all the time: does a process still run? %+v", seen[max(0, len(seen)-12):])
}

// Of lseek(2).
const (
	seekData = 3
	seekHole = 4
)

// copyImage copies a file without its holes.
func copyImage(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := out.Truncate(imageSize); err != nil {
		return err
	}
	for at := int64(0); ; {
		start, err := in.Seek(at, seekData)
		if errors.Is(err, syscall.ENXIO) {
			return nil // no data behind it
		}
		if err != nil {
			return err
		}
		end, err := in.Seek(start, seekHole)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.NewOffsetWriter(out, start), io.NewSectionReader(in, start, end-start)); err != nil {
			return err
		}
		at = end
	}
}
