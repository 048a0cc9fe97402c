package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	role     = "harkara"
	database = "harkara"
	// longestSocket is what sockaddr_un.sun_path holds (unix(7)), less the closing zero.
	longestSocket = 107
	socketName    = ".s.PGSQL.5432"
)

// Cluster is a running private cluster that this process uses.
type Cluster struct {
	layout
	bin   Binaries
	owner owner
	log   *slog.Logger
	using *os.File // postgres.lock, held shared
	dsn   string
	once  sync.Once
	err   error // of Stop
}

// layout is where things are, all absolute.
type layout struct {
	data, cluster, run, dsnFile, useLock, startLock, serverLog string
}

func layoutOf(data string) (layout, error) {
	data, err := filepath.Abs(data)
	if err != nil {
		return layout{}, err
	}
	if err := os.MkdirAll(data, 0o711); err != nil {
		return layout{}, fmt.Errorf("make the data folder: %w", err)
	}
	if data, err = filepath.EvalSymlinks(data); err != nil {
		return layout{}, err
	}
	l := layout{
		data: data, cluster: filepath.Join(data, "postgres"), run: filepath.Join(data, "run"),
		dsnFile: filepath.Join(data, "postgres.dsn"), useLock: filepath.Join(data, "postgres.lock"),
		startLock: filepath.Join(data, "postgres.start"), serverLog: filepath.Join(data, "postgres", "server.log"),
	}
	if socket := filepath.Join(l.run, socketName); len(socket) > longestSocket {
		return layout{}, fmt.Errorf("the socket path %s is %d bytes, and a Unix socket takes %d: put data in a folder with a shorter name",
			socket, len(socket), longestSocket)
	}
	return l, nil
}

// Start makes the cluster under dataDir where there is none, starts its server where it is down, and returns when it
// takes connections. Call Stop when done with it. Errors say what is to be done.
func Start(ctx context.Context, dataDir string, log *slog.Logger) (*Cluster, error) {
	l, err := layoutOf(dataDir)
	if err != nil {
		return nil, err
	}
	bin, err := Find()
	if err != nil {
		return nil, err
	}
	o, err := ownerOf(l.cluster)
	if err != nil {
		return nil, err
	}
	if err := o.reach(l.data); err != nil {
		return nil, err
	}
	if o.shut != "" {
		log.Warn("PostgreSQL's user cannot pass through a folder above the data; it gets the capability CAP_DAC_READ_SEARCH. "+
			"chmod o+x the folder, or put data elsewhere, to do without", "user", o.name, "folder", o.shut)
	}
	c := &Cluster{layout: l, bin: bin, owner: o, log: log}
	starting, err := lockFile(l.startLock)
	if err != nil {
		return nil, err
	}
	defer starting.Close()
	if err := lock(ctx, starting, syscall.LOCK_EX); err != nil {
		return nil, err
	}
	if c.using, err = lockFile(l.useLock); err != nil {
		return nil, err
	}
	if err := lock(ctx, c.using, syscall.LOCK_SH); err != nil {
		return nil, errors.Join(err, c.using.Close())
	}
	if err := c.bringUp(ctx); err != nil {
		return nil, errors.Join(err, c.using.Close())
	}
	return c, nil
}

// bringUp makes, starts and prepares the cluster, as far as that has not been done. postgres.start is held.
func (c *Cluster) bringUp(ctx context.Context) error {
	if err := c.owner.own(c.run); err != nil {
		return fmt.Errorf("make the socket folder: %w", err)
	}
	if _, err := os.Stat(filepath.Join(c.cluster, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		began := time.Now()
		if err := c.initialise(ctx); err != nil {
			return err
		}
		c.log.Info("made a private PostgreSQL cluster", "folder", c.cluster, "version", c.bin.Major, "took", time.Since(began))
	}
	if err := c.checkVersion(); err != nil {
		return err
	}
	if err := c.readDSN(); err != nil {
		return err
	}
	if c.alive() {
		err := c.waitReady(ctx)
		if err == nil {
			return c.ensureDatabase(ctx)
		}
		if c.alive() {
			return err
		}
	}
	if err := c.startServer(ctx); err != nil {
		return err
	}
	return c.ensureDatabase(ctx)
}

// DSN returns how to connect, in the keyword form that lib/pq and psql read. It holds the password.
func (c *Cluster) DSN() string { return c.dsn }

// Stop ends this process's use of the cluster, and stops the server when nobody else uses it. It may be called again.
func (c *Cluster) Stop() error {
	c.once.Do(func() { c.err = c.stop() })
	return c.err
}

// stopTimeout bounds the whole of Stop.
const stopTimeout = 90 * time.Second

func (c *Cluster) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	defer c.using.Close()
	starting, err := lockFile(c.startLock)
	if err != nil {
		return err
	}
	defer starting.Close()
	if err := lock(ctx, starting, syscall.LOCK_EX); err != nil {
		return err
	}
	last, err := tryLock(c.using, syscall.LOCK_EX)
	if err != nil || !last || !c.alive() {
		return err
	}
	out, err := c.command(ctx, "pg_ctl", "stop", "-D", c.cluster, "-m", "fast", "-w", "-t", "60")
	if err != nil && c.alive() {
		return fmt.Errorf("stop PostgreSQL: %w: %s", err, out)
	}
	return nil
}
