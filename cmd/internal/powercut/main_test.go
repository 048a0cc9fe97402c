//go:build powercut

package powercut

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
)

// folderVar names, in the environment of the test within its namespaces, the folder for images and mounts.
const folderVar = "HARKARA_POWERCUT_FOLDER"

// TestMain runs the tests in namespaces of their own: of processes, since every process but the test is stopped and killed;
// of mounts and of System V memory, since both then end with the test, however it ends, and loop devices with their mounts.
func TestMain(m *testing.M) {
	if os.Getenv(folderVar) == "" {
		os.Exit(outside())
	}
	if err := enter(); err != nil {
		fmt.Fprintln(os.Stderr, "powercut:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// outside runs this program once more within the namespaces, and removes what that leaves.
func outside() int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "powercut mounts file systems: run make powercut as root")
		return 1
	}
	// A short name: PostgreSQL's socket lies below it.
	dir, err := os.MkdirTemp("/tmp", "hkcut")
	if err == nil {
		err = os.Chmod(dir, 0o711) // PostgreSQL, under another user, passes through
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "powercut:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	runtime.LockOSThread() // the child is killed when this thread ends
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), folderVar+"="+dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL,
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "powercut: make namespaces:", err)
		return 1
	}
	go func() {
		<-signals
		_ = cmd.Process.Kill() // and with it all that it started
	}()
	if err := cmd.Wait(); err != nil {
		return 1
	}
	return 0
}

// enter makes the namespaces ready: no mount is seen outside, and /proc shows the processes within.
func enter() error {
	if os.Getpid() != 1 {
		return errors.New(folderVar + " is for the test's own use: unset it")
	}
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts private: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	// A PostgreSQL that is killed leaves its shared memory behind, System V's in this namespace and POSIX's here.
	if err := syscall.Mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777"); err != nil {
		return fmt.Errorf("mount /dev/shm: %w", err)
	}
	return nil
}
