package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is also the process that starts a cluster and is then killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("HARKARA_TEST_CLUSTER"); dir != "" {
		if _, err := Start(context.Background(), dir, quiet()); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("started")
		select {}
	}
	os.Exit(m.Run())
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "hk")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func start(t *testing.T, dir string) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := Start(ctx, dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func query(t *testing.T, dsn, question string) (answer string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(question).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return answer
}

func TestTheLastUserStopsTheServer(t *testing.T) {
	dir := folder(t)
	first := start(t, dir)
	for question, want := range map[string]string{
		`SHOW data_checksums`: "on", `SHOW fsync`: "on", `SHOW synchronous_commit`: "on", `SHOW listen_addresses`: "", `SHOW server_encoding`: "UTF8",
		`SELECT current_database()`: "harkara", `SHOW shared_buffers`: "256MB", `SELECT count(*)::text FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'`: "0",
	} {
		if got := query(t, first.DSN(), question); got != want {
			t.Errorf("%s: %q, want %q", question, got, want)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "postgres.dsn"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("postgres.dsn: %v, %v", info, err)
	}
	pid := query(t, first.DSN(), `SELECT pg_read_file('postmaster.pid')`)
	second := start(t, dir)
	if again := query(t, second.DSN(), `SELECT pg_read_file('postmaster.pid')`); again != pid {
		t.Errorf("the second user started another server: %q, %q", pid, again)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	query(t, second.DSN(), `SELECT 1`)
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	if second.alive() || second.children() != 0 {
		t.Error("the server runs after its last user has stopped")
	}
}

func TestPsqlReadsTheDSN(t *testing.T) {
	c := start(t, folder(t))
	raw, err := os.ReadFile(c.dsnFile)
	if err != nil {
		t.Fatal(err)
	}
	psql, err := exec.LookPath("psql")
	if err != nil {
		psql = c.bin.path("psql") // some distributions keep it with the server's programs only
	}
	out, err := exec.Command(psql, strings.TrimSpace(string(raw)), "-Atc", "SELECT current_user").CombinedOutput()
	if err != nil || string(out) != "harkara\n" {
		t.Errorf("psql: %v: %s", err, out)
	}
}

func TestAKilledOwnerLeavesAServerToUse(t *testing.T) {
	dir := folder(t)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "HARKARA_TEST_CLUSTER="+dir)
	said, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	word := make([]byte, 8)
	if _, err := io.ReadFull(said, word); err != nil || string(word) != "started\n" {
		rest, _ := io.ReadAll(said)
		t.Fatalf("the owner said %q%q, %v", word, rest, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	l, err := layoutOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	before := (&Cluster{layout: l}).pid()
	c := start(t, dir)
	if before == 0 || c.pid() != before {
		t.Errorf("the server was %d and is %d: it was not reused", before, c.pid())
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if c.alive() {
		t.Error("the server of the killed owner was not stopped")
	}
}

func TestAKilledServerIsStartedAgain(t *testing.T) {
	dir := folder(t)
	c := start(t, dir)
	query(t, c.DSN(), `CREATE TABLE kept AS SELECT 7 AS n; SELECT 'made'`)
	if err := syscall.Kill(c.pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	again := start(t, dir)
	if got := query(t, again.DSN(), `SELECT n FROM kept`); got != "7" {
		t.Errorf("kept %q", got)
	}
}

func TestAnotherProcessWithTheOldNumberIsNoServer(t *testing.T) {
	dir := folder(t)
	c := start(t, dir)
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	mark := fmt.Sprintf("%d\n%s\n1795000000\n5432\n%s\n\n", os.Getpid(), c.cluster, c.run)
	if err := os.WriteFile(filepath.Join(c.cluster, "postmaster.pid"), []byte(mark), 0o600); err != nil {
		t.Fatal(err)
	}
	again := start(t, dir)
	if again.pid() == os.Getpid() || !again.alive() {
		t.Errorf("pid %d is taken for the server", again.pid())
	}
}

func TestTheFolderMayMove(t *testing.T) {
	dir := folder(t)
	old, moved := filepath.Join(dir, "a"), filepath.Join(dir, "it's b")
	if err := start(t, old).Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(old, moved); err != nil {
		t.Fatal(err)
	}
	c := start(t, moved)
	raw, err := os.ReadFile(filepath.Join(moved, "postgres.dsn"))
	if err != nil || strings.TrimSpace(string(raw)) != c.DSN() {
		t.Errorf("postgres.dsn was not mended: %v", err)
	}
	query(t, c.DSN(), `SELECT 1`)
}

func TestPlacesWhereNoClusterCanBe(t *testing.T) {
	dir := folder(t)
	_, err := Start(t.Context(), filepath.Join(dir, strings.Repeat("long", 25)), quiet())
	if err == nil || !strings.Contains(err.Error(), "shorter name") {
		t.Errorf("a long path: %v", err)
	}
}

// TestBelowAShutFolder: root's own folders are closed to the server's user, which is let through where that can be.
func TestBelowAShutFolder(t *testing.T) {
	if os.Getuid() != 0 {
		return // only root runs the server as another user
	}
	shut := filepath.Join(folder(t), "shut")
	if err := os.Mkdir(shut, 0o700); err != nil {
		t.Fatal(err)
	}
	c, err := Start(t.Context(), filepath.Join(shut, "data"), quiet())
	if !canLend() {
		if err == nil || !strings.Contains(err.Error(), "chmod o+x "+shut) {
			t.Errorf("a folder that the server's user cannot pass: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	query(t, c.DSN(), `SELECT 1`)
	again, err := Start(t.Context(), filepath.Join(shut, "data"), quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(again.Stop(), c.Stop()); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(shut); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v: it is not ours to open", info.Mode(), err)
	}
}

func TestNewestIsWholeAndNewEnough(t *testing.T) {
	dir := t.TempDir()
	install := func(name, version string, programs ...string) string {
		bin := filepath.Join(dir, name)
		if err := os.Mkdir(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, program := range programs {
			script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
			if err := os.WriteFile(filepath.Join(bin, program), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return bin
	}
	old := install("old", "14.2", "initdb", "postgres", "pg_ctl")
	part := install("part", "17.1", "postgres", "pg_ctl")
	ok15 := install("ok15", "15.18 (Debian 15.18-1)", "initdb", "postgres", "pg_ctl")
	ok16 := install("ok16", "16beta1", "initdb", "postgres", "pg_ctl")
	if got, err := newest([]string{old, part, ok15, ok16}); err != nil || got != (Binaries{Dir: ok16, Major: 16}) {
		t.Errorf("newest: %+v, %v", got, err)
	}
	if _, err := newest([]string{old, part, "/nowhere"}); !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("none: %v", err)
	}
}

func TestManyUsersAtOnce(t *testing.T) {
	dir := folder(t)
	const users = 6
	ended := make(chan error, users)
	for n := range users {
		go func() {
			c, err := Start(t.Context(), dir, quiet())
			if err != nil {
				ended <- err
				return
			}
			db, err := sql.Open("postgres", c.DSN())
			if err == nil {
				_, err = db.Exec(`SELECT ` + strconv.Itoa(n))
				err = errors.Join(err, db.Close())
			}
			ended <- errors.Join(err, c.Stop())
		}()
	}
	for range users {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	l, err := layoutOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	// A server removes its files a moment before its process is gone.
	late := time.After(10 * time.Second)
	for c := (&Cluster{layout: l}); c.children() != 0; {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-late:
			t.Fatal("a server is left over")
		}
	}
}
