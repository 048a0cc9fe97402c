package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// owner is the account that the server runs as.
type owner struct {
	name     string
	uid, gid int
	other    bool // not the account of this process, which is then root
	// shut is a folder above the data folder that the account may not pass: it is then lent the one capability to pass
	// folders and read files that are closed to it.
	shut string
}

// capDACReadSearch passes folders and reads files whatever their mode (capabilities(7)).
const capDACReadSearch = 2

// ownerOf chooses the account: the one that owns the cluster where it exists; else this process's own, or for root
// the user postgres or nobody.
func ownerOf(cluster string) (owner, error) {
	self := owner{uid: os.Getuid(), gid: os.Getgid(), name: "uid " + strconv.Itoa(os.Getuid())}
	var stat syscall.Stat_t
	if err := syscall.Stat(cluster, &stat); err == nil && stat.Uid != 0 {
		o := owner{uid: int(stat.Uid), gid: int(stat.Gid), name: fmt.Sprintf("uid %d", stat.Uid), other: int(stat.Uid) != self.uid}
		if u, err := user.LookupId(strconv.Itoa(o.uid)); err == nil {
			o.name = u.Username
		}
		if o.other && self.uid != 0 {
			return owner{}, fmt.Errorf("the PostgreSQL cluster in %s belongs to user %s: run as that user or as root", cluster, o.name)
		}
		return o, nil
	}
	if self.uid != 0 {
		return self, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, err1 := strconv.Atoi(u.Uid)
			gid, err2 := strconv.Atoi(u.Gid)
			return owner{name: name, uid: uid, gid: gid, other: true}, errors.Join(err1, err2)
		}
	}
	return owner{}, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as: run harkara as another user")
}

// attributes detaches a child from this process's terminal signals and gives it the owner's rights.
func (o owner) attributes() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setsid: true}
	if o.other {
		attributes.Credential = &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}
	}
	if o.shut != "" {
		attributes.AmbientCaps = []uintptr{capDACReadSearch}
	}
	return attributes
}

// own makes a folder that only the owner enters.
func (o owner) own(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if !o.other {
		return nil
	}
	return os.Chown(dir, o.uid, o.gid)
}

// reach sees to it that the owner may pass through dir, which is ours to open up, and through every folder above it,
// which is not: where one is shut, the owner is lent the capability to pass, if this process has it to lend.
func (o *owner) reach(dir string) error {
	if !o.other {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !o.passes(info) {
		if err := os.Chmod(dir, info.Mode().Perm()|0o001); err != nil {
			return err
		}
	}
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return err
		}
		if !o.passes(info) && canLend() {
			o.shut = parent
			return nil
		}
		if !o.passes(info) {
			return fmt.Errorf("PostgreSQL runs as user %s, who cannot pass through %s: chmod o+x %s, or put data elsewhere", o.name, parent, parent)
		}
		if parent == filepath.Dir(parent) {
			return nil
		}
	}
}

// canLend says whether this process holds the capability that reach lends.
func canLend() bool {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(status), "CapEff:")
	line, _, _ := strings.Cut(rest, "\n")
	held, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	return err == nil && held&(1<<capDACReadSearch) != 0
}

// passes says whether the owner may enter a folder, by its mode bits.
func (o owner) passes(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	switch {
	case int(stat.Uid) == o.uid:
		return info.Mode()&0o100 != 0
	case int(stat.Gid) == o.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}
