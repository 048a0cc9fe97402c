package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/lib/pq" // the driver "postgres"
)

// settings are for a machine of two cores that has more to do than this. They are written at each start, before the
// administrator's own (postgresql.auto.conf wins).
const settings = `# Written by harkara at each start. Put changes into postgresql.auto.conf: ALTER SYSTEM SET ...
listen_addresses = ''
port = 5432
unix_socket_directories = '%s'
unix_socket_permissions = 0700
shared_buffers = 256MB
max_connections = 60
max_locks_per_transaction = 512
max_wal_size = 2GB
min_wal_size = 256MB
checkpoint_timeout = 15min
wal_compression = on
fsync = on
synchronous_commit = on
autovacuum = on
timezone = 'UTC'
log_timezone = 'UTC'
`

// checkVersion refuses a cluster of another major version than the programs: it would not start.
func (c *Cluster) checkVersion() error {
	raw, err := os.ReadFile(filepath.Join(c.cluster, "PG_VERSION"))
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	made := strings.TrimSpace(string(raw))
	if made == strconv.Itoa(c.bin.Major) {
		return nil
	}
	other := filepath.Join("/usr/lib/postgresql", made, "bin")
	if major := version(other); strconv.Itoa(major) == made {
		c.bin = Binaries{Dir: other, Major: major}
		return nil
	}
	return fmt.Errorf("the cluster in %s is of PostgreSQL %s and this machine has %d: apt-get install postgresql-%s, or move the cluster with pg_upgrade",
		c.cluster, made, c.bin.Major, made)
}

func (c *Cluster) startServer(ctx context.Context) error {
	if err := c.clearStalePID(ctx); err != nil {
		return err
	}
	conf := fmt.Sprintf(settings, strings.ReplaceAll(c.run, "'", "''"))
	if err := os.WriteFile(filepath.Join(c.cluster, "harkara.conf"), []byte(conf), 0o644); err != nil {
		return fmt.Errorf("configure the cluster: %w", err)
	}
	out, err := c.command(ctx, "pg_ctl", "start", "-D", c.cluster, "-s", "-w", "-t", "120", "-l", c.serverLog)
	if err != nil {
		return fmt.Errorf("start PostgreSQL in %s: %w: %s; its log ends: %s", c.cluster, err, out, tail(c.serverLog))
	}
	return c.waitReady(ctx)
}

// command runs one of PostgreSQL's programs as the owner, away from this process's terminal, and returns what it said.
func (c *Cluster) command(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.bin.path(name), args...)
	cmd.Dir = c.run // a folder that the owner may be in
	if c.owner.shut != "" {
		cmd.Dir = "/" // it gets there before it gets its capability
	}
	cmd.Env = []string{"PATH=" + c.bin.Dir + ":/usr/bin:/bin", "LC_ALL=C"}
	cmd.SysProcAttr = c.owner.attributes()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	return strings.TrimSpace(said.String()), err
}

// pid returns the process that postmaster.pid names; 0 where there is none.
func (c *Cluster) pid() int {
	raw, err := os.ReadFile(filepath.Join(c.cluster, "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0
	}
	return pid
}

// alive says whether the server's process runs. A postmaster works in its cluster's folder, which tells it from
// another process that has got its number since.
func (c *Cluster) alive() bool {
	pid := c.pid()
	return pid > 0 && c.worksHere(strconv.Itoa(pid))
}

func (c *Cluster) worksHere(pid string) bool {
	dir, err := os.Readlink(filepath.Join("/proc", pid, "cwd"))
	return err == nil && dir == c.cluster
}

// clearStalePID removes the marks of a server that is gone: PostgreSQL does so itself, unless its number is still taken
// (by another process of the same user, or by its own remains until they are reaped). It first waits until the server's children are gone too, for they may still
// write to the cluster.
func (c *Cluster) clearStalePID(ctx context.Context) error {
	for c.children() > 0 {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("processes of a PostgreSQL that is gone still work in %s: %w", c.cluster, ctx.Err())
		}
	}
	marks := []string{filepath.Join(c.cluster, "postmaster.pid"), filepath.Join(c.run, socketName+".lock")}
	for _, mark := range marks {
		if err := os.Remove(mark); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("clear the mark of a server that is gone: %w", err)
		}
	}
	return nil
}

// children counts the processes that work in the cluster's folder.
func (c *Cluster) children() (n int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, entry := range entries {
		if name := entry.Name(); name[0] >= '1' && name[0] <= '9' && c.worksHere(name) {
			n++
		}
	}
	return n
}

// waitReady waits until the server answers, as long as its process runs and ctx allows.
func (c *Cluster) waitReady(ctx context.Context) error {
	db, err := sql.Open("postgres", c.dsnOf("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || !c.alive() || !strings.Contains(err.Error(), "starting up") && !strings.Contains(err.Error(), "connect: ") &&
			!strings.Contains(err.Error(), "shutting down") && !strings.Contains(err.Error(), "not yet accepting") {
			return fmt.Errorf("connect to PostgreSQL in %s: %w; its log ends: %s", c.cluster, err, tail(c.serverLog))
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (c *Cluster) ensureDatabase(ctx context.Context) error {
	db, err := sql.Open("postgres", c.dsnOf("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	var there bool
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, database).Scan(&there); err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	if !there {
		if _, err := db.ExecContext(ctx, `CREATE DATABASE `+database); err != nil {
			return fmt.Errorf("make the database: %w", err)
		}
	}
	return nil
}

// tail returns the last lines of a file, on one line.
func tail(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
