package storage

import (
	"context"
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
)

// The package's tests share one private cluster, started by the first that asks for a database.
var cluster struct {
	once      sync.Once
	dir       string
	running   *postgres.Cluster
	err       error
	databases atomic.Int64
}

func TestMain(m *testing.M) {
	code := m.Run()
	if cluster.running != nil {
		if err := cluster.running.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.RemoveAll(cluster.dir)
	os.Exit(code)
}

// startCluster starts the cluster with a database "model" that has the schema.
func startCluster() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if cluster.dir, cluster.err = os.MkdirTemp("/tmp", "hk"); cluster.err != nil {
		return
	}
	if cluster.err = os.Chmod(cluster.dir, 0o755); cluster.err != nil {
		return
	}
	log := slog.New(slog.DiscardHandler)
	if cluster.running, cluster.err = postgres.Start(ctx, cluster.dir, log); cluster.err != nil {
		return
	}
	if cluster.err = inCluster(ctx, "harkara", `CREATE DATABASE model`); cluster.err != nil {
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

// dsnOf is the DSN of a database of the cluster; of two names lib/pq takes the later.
func dsnOf(database string) string { return cluster.running.DSN() + " dbname=" + database }

func inCluster(ctx context.Context, database, statement string) error {
	db, err := sqlx.Open("postgres", dsnOf(database))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
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
	if err := inCluster(t.Context(), "harkara", `CREATE DATABASE `+name+` TEMPLATE model`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := inCluster(context.Background(), "harkara", `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
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
