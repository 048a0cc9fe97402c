package postgres

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// oldest is the oldest major version of PostgreSQL that will do.
const oldest = 15

// ErrNotInstalled says that the machine has no PostgreSQL that will do.
var ErrNotInstalled = errors.New("no PostgreSQL 15 or newer on this machine: apt-get install postgresql (or set postgres.dsn to one elsewhere)")

// Binaries are the programs of one PostgreSQL.
type Binaries struct {
	Dir   string // holds initdb, postgres and pg_ctl
	Major int    // 15, 16, ...
}

// Find looks for a folder with initdb, postgres and pg_ctl in PATH and in the distribution's folders, and returns the
// newest; ErrNotInstalled where there is none.
func Find() (Binaries, error) {
	dirs := filepath.SplitList(os.Getenv("PATH"))
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
		found, _ := filepath.Glob(pattern) // the patterns are sound
		dirs = append(dirs, found...)
	}
	return newest(dirs)
}

func newest(dirs []string) (best Binaries, err error) {
	for _, dir := range dirs {
		if major := version(dir); major > best.Major {
			best = Binaries{Dir: dir, Major: major}
		}
	}
	if best.Major < oldest {
		return Binaries{}, ErrNotInstalled
	}
	return best, nil
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// version returns the major version of the PostgreSQL in a folder, 0 where a program is missing.
func version(dir string) int {
	for _, name := range []string{"initdb", "postgres", "pg_ctl"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return 0
		}
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	found := versionPattern.FindSubmatch(out)
	if found == nil {
		return 0
	}
	major, _ := strconv.Atoi(string(found[1])) // digits by the pattern
	return major
}

func (b Binaries) path(name string) string { return filepath.Join(b.Dir, name) }
