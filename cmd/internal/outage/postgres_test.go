package outage

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jmoiron/sqlx"

	"harkara/storage/postgres"
)

// database is a cluster of the test's own, which is not the gateway's to start: the gateway knows its DSN alone.
type database struct {
	dir string // of the cluster
	bin string // of its programs
	dsn string

	small string // a file system of its own, with room to be filled, that holds the tables; empty: nobody may mount one here
}

// newDatabase makes a cluster under dir and starts it. It ends with the test.
func newDatabase(t *testing.T, dir string) *database {
	t.Helper()
	bin, err := postgres.Find()
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := postgres.Start(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	d := &database{dir: filepath.Join(dir, "postgres"), bin: bin.Dir, dsn: cluster.DSN()}
	if d.small = mount(t, filepath.Join(dir, "small"), "250m"); d.small != "" {
		d.own(t, filepath.Join(d.small, "tables"))
		d.exec(t, "CREATE TABLESPACE small LOCATION '"+filepath.Join(d.small, "tables")+"'", "CREATE DATABASE small TABLESPACE small")
		d.dsn += " dbname=small"
	}
	return d
}

// own makes a folder of PostgreSQL's user.
func (d *database) own(t *testing.T, dir string) {
	t.Helper()
	if err := errors.Join(os.Mkdir(dir, 0o700), d.give(dir)); err != nil {
		t.Fatal(err)
	}
}

// write makes an empty file in the cluster's folder.
func (d *database) write(t *testing.T, name string) {
	t.Helper()
	file := filepath.Join(d.dir, name)
	if err := errors.Join(os.WriteFile(file, nil, 0o600), d.give(file)); err != nil {
		t.Fatal(err)
	}
}

// give hands a file or folder to the cluster's owner.
func (d *database) give(path string) error {
	owner, err := d.owner()
	if err != nil {
		return err
	}
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}

func (d *database) owner() (*syscall.Stat_t, error) {
	info, err := os.Stat(d.dir)
	if err != nil {
		return nil, err
	}
	return info.Sys().(*syscall.Stat_t), nil
}

// stop ends the server: fast ends every session, immediate leaves it to recover from its log at the next start.
func (d *database) stop(t *testing.T, mode string) {
	t.Helper()
	d.control(t, "stop", "-m", mode)
}

func (d *database) start(t *testing.T) {
	t.Helper()
	d.control(t, "start", "-l", filepath.Join(d.dir, "server.log"), "-t", "60")
}

// control runs pg_ctl as the cluster's owner, and waits as it does.
func (d *database) control(t *testing.T, what string, args ...string) {
	t.Helper()
	if out, err := d.pgctl(append([]string{what, "-D", d.dir, "-s", "-w"}, args...)...); err != nil {
		t.Fatalf("pg_ctl %s: %v: %s", what, err, out)
	}
}

// pgctl runs pg_ctl with its output in a file, since the server that it leaves behind would keep a pipe open.
func (d *database) pgctl(args ...string) (string, error) {
	said, err := os.CreateTemp("", "pg_ctl")
	if err != nil {
		return "", err
	}
	defer os.Remove(said.Name())
	defer said.Close()
	cmd := exec.Command(filepath.Join(d.bin, "pg_ctl"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	owner, err := d.owner()
	if err != nil {
		return "", err
	}
	if int(owner.Uid) != os.Getuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}
	}
	runErr := cmd.Run()
	text, err := os.ReadFile(said.Name())
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text)), runErr
}

// running says whether the server is there, as pg_ctl sees it.
func (d *database) running() bool {
	_, err := d.pgctl("status", "-D", d.dir)
	return err == nil
}

// open connects as an administrator would.
func (d *database) open(t *testing.T) *sqlx.DB {
	t.Helper()
	db, err := sqlx.ConnectContext(t.Context(), "postgres", d.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// exec runs statements one by one on a connection of their own.
func (d *database) exec(t *testing.T, statements ...string) {
	t.Helper()
	db, err := sqlx.ConnectContext(context.WithoutCancel(t.Context()), "postgres", d.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}
