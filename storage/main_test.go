package storage

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq"

	"harkara/storage/postgres"
	"harkara/storage/postgres/pgtest"
)

// The package's tests share one private cluster, started by the first that asks for a database.
var cluster struct {
	once      sync.Once
	dir       string
	running   *postgres.Cluster
	admin     *sqlx.DB // makes and drops databases
	err       error
	databases atomic.Int64
}

func TestMain(m *testing.M) {
	code := m.Run()
	if cluster.admin != nil {
		cluster.admin.Close()
	}
	if cluster.running != nil {
		if err := cluster.running.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.RemoveAll(cluster.dir)
	os.Exit(code)
}

// folder makes the cluster's folder: on a disk, where what it costs is to be measured.
func folder(benching bool) (string, error) {
	if !benching {
		return pgtest.Dir()
	}
	dir, err := os.MkdirTemp("/tmp", "hk")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// startCluster starts the cluster with a database "model" that has the schema.
func startCluster() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	benching := flag.Lookup("test.bench").Value.String() != ""
	if cluster.dir, cluster.err = folder(benching); cluster.err != nil {
		return
	}
	log := slog.New(slog.DiscardHandler)
	if cluster.running, cluster.err = postgres.Start(ctx, cluster.dir, log); cluster.err != nil {
		return
	}
	if cluster.admin, cluster.err = sqlx.Open("postgres", cluster.running.DSN()); cluster.err != nil {
		return
	}
	// What tests write need not survive the machine, and there are hundreds of databases to make. Benches are to be true.
	if !benching {
		if cluster.err = sayPasswords(ctx); cluster.err != nil {
			return
		}
		for _, statement := range []string{`ALTER SYSTEM SET fsync = off`, `SELECT pg_reload_conf()`} {
			if cluster.err = inCluster(ctx, statement); cluster.err != nil {
				return
			}
		}
	}
	if cluster.err = inCluster(ctx, `CREATE DATABASE model`); cluster.err != nil {
		return
	}
	db, err := sqlx.Open("postgres", dsnOf("model"))
	if err != nil {
		cluster.err = err
		return
	}
	defer db.Close()
	cluster.err = Migrate(ctx, db.DB)
}

// sayPasswords has the cluster take passwords as they are, on its socket in a folder of the test's own: the thousands of rounds
// of SCRAM are a good part of what a connection costs under the race detector, and there are a thousand connections.
func sayPasswords(ctx context.Context) error {
	var path string
	if err := cluster.admin.GetContext(ctx, &path, `SHOW hba_file`); err != nil {
		return err
	}
	return os.WriteFile(path, []byte("local all all password\n"), 0o600)
}

// dsnOf is the DSN of a database of the cluster; of two names lib/pq takes the later.
func dsnOf(database string) string { return cluster.running.DSN() + " dbname=" + database }

func inCluster(ctx context.Context, statement string) error {
	_, err := cluster.admin.ExecContext(ctx, statement)
	return err
}

// testDSN makes a fresh database with the schema and returns its DSN; it is dropped after the test, with whoever is
// still connected.
func testDSN(t testing.TB) string {
	t.Helper()
	cluster.once.Do(startCluster)
	if cluster.err != nil {
		t.Fatal(cluster.err)
	}
	name := fmt.Sprintf("test_%d", cluster.databases.Add(1))
	if err := inCluster(t.Context(), `CREATE DATABASE `+name+` TEMPLATE model STRATEGY file_copy`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := inCluster(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return dsnOf(name)
}

// testDB connects to a fresh database with the schema.
func testDB(t testing.TB) *sqlx.DB {
	t.Helper()
	db, err := sqlx.Open("postgres", testDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
