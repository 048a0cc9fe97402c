package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/mod/sumdb/note"

	"harkara/cmd/internal/console"
	"harkara/cmd/internal/dispatch"
	"harkara/cmd/internal/intake"
	"harkara/cmd/internal/metrics"
	"harkara/cmd/internal/otp"
	"harkara/router"
	"harkara/smpp/bind"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
)

// App is the gateway, built and not yet running.
type App struct {
	cfg       *Config
	log       *slog.Logger
	began     time.Time
	db        *sqlx.DB
	up        bool          // PostgreSQL answered at the start
	away      error         // why it did not
	reached   chan struct{} // closed when it has answered and is up to date
	lookup    *storage.Lookup
	broker    *broker
	js        jetstream.JetStream
	ledger    *ledger.Ledger
	register  atomic.Pointer[dispatch.Snapshot]
	taking    atomic.Bool // requests are pulled
	books     books
	lag       lag
	upkeep    upkeep
	vault     *storage.Vault
	signer    note.Signer // of the ledger's checkpoints
	senders   map[sms.TenantID]dispatch.Tenant
	dispatch  *dispatch.Dispatcher
	pools     map[sms.SMSCID]*bind.Pool
	projector *storage.Projector
	intake    *intake.Intake
	keyring   func() (*otp.Keyring, error) // of codes, as they are at each call
	otp       oneTime
	console   *console.Console
	metrics   *metrics.Metrics
	closers   []func() // in the order of building; Close runs them backwards
}

// drainTime is how long a stopping gateway lets the projection catch up with the ledger.
const drainTime = 10 * time.Second

// Open builds the gateway: one straight function, since every step uses what the steps before it made. On an error
// what was built is taken down again.
func Open(ctx context.Context, cfg *Config, log *slog.Logger) (_ *App, err error) {
	a := &App{cfg: cfg, log: log, began: time.Now(), reached: make(chan struct{})}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	if err := makeData(cfg.Data); err != nil {
		return nil, err
	}
	unlock, err := LockData(ctx, cfg.Data)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, unlock)
	if a.vault, err = OpenVault(cfg); err != nil {
		return nil, err
	}
	if a.signer, err = a.vault.Signer(cfg.Node); err != nil {
		return nil, err
	}
	db, closeDB, err := reachDatabase(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	a.db, a.lookup = db, storage.NewLookup(db.DB)
	a.closers = append(a.closers, closeDB)
	switch err := bringUp(ctx, db); {
	case err == nil:
		a.up = true
		close(a.reached)
		if err := storage.EnsureRoles(ctx, db); err != nil {
			log.Info("the roles of the database are not all there; the gateway needs none of them", "error", err)
		}
	case !errors.Is(err, errAway) || ctx.Err() != nil:
		return nil, err
	default:
		a.away = err
	}
	if a.broker, err = openBroker(cfg, a.vault.StoreKey()); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.broker.close)
	js, err := jetstream.New(a.broker.conn, jetstream.WithPublishAsyncMaxPending(4096))
	if err != nil {
		return nil, fmt.Errorf("JetStream: %w", err)
	}
	a.js = js
	if err := a.openRegister(ctx); err != nil {
		return nil, err
	}
	m := metrics.New()
	a.metrics = m
	hooks := tracesOf(m)
	a.ledger, err = ledger.Open(ctx, js, ledger.Config{Node: cfg.Node, Replicas: cfg.NATS.Replicas, Keep: cfg.Ledger.Keep,
		Trace: ledger.Trace{Appended: m.Appended, Retried: m.Retried, Alarm: a.alarmed, Kept: func(was, now time.Duration) {
			log.Info("the ledger keeps frames for another time now", "was", was, "now", now)
		}}})
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.ledger.Close)
	if err := storage.OpenStatuses(ctx, js, cfg.NATS.Replicas); err != nil {
		return nil, err
	}
	if err := a.mendLedger(ctx); err != nil {
		return nil, err
	}
	a.projector = storage.NewProjector(storage.ProjectorConfig{DB: db.DB, JS: js, Ledger: a.ledger,
		Replicas: cfg.NATS.Replicas, SyncAlways: cfg.NATS.Sync == "always", Log: log, Trace: hooks.projector})
	table, err := cfg.table()
	if err != nil {
		return nil, err
	}
	smscs, err := cfg.buildSMSCs()
	if err != nil {
		return nil, err
	}
	a.senders = cfg.senders()
	if a.up {
		if err := a.seed(ctx); err != nil {
			return nil, err
		}
	}
	a.dispatch = dispatch.New(dispatch.Config{Register: a.register.Load, Table: table, Tenants: a.senders, SMSCs: smscs,
		InDoubt: cfg.policies(), Ledger: a.ledger, Vault: a.vault, Log: log, Trace: hooks.dispatch})
	if a.pools, err = cfg.joinPools(a.dispatch, smscs, log, hooks.bind); err != nil {
		return nil, err
	}
	a.keyring = a.otpKeys()
	a.intake, err = intake.Open(ctx, intake.Config{JS: js, Replicas: cfg.NATS.Replicas, Tenants: cfg.tenants(),
		Capacity: cfg.capacity(), Room: a.room(table), Dispatch: a.dispatch, History: a.history, Ours: a.ours, AckWait: ackWait, Log: log,
		Trace: hooks.intake})
	if err != nil {
		return nil, err
	}
	if err := a.openOTP(ctx); err != nil {
		return nil, err
	}
	a.gauges(m)
	shown := console.Config{Addr: cfg.HTTP, Registry: m.Registry, Ready: a.Ready, Binds: a.Binds, Trace: a.Trace}
	if a.otp.listener == nil {
		shown.API = a.otp.handler
	}
	a.console, err = console.Open(shown)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, func() { _ = a.console.Close() }) // a second close after Run says so; that is no fault
	return a, nil
}

// Run works until ctx ends, then drains in the order of the line: nothing more is pulled, what is under way gets its
// outcome, binds unbind, the projection catches up. ready is called once, when requests are taken.
func (a *App) Run(ctx context.Context, ready func()) error {
	defer a.Close()
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	binds, stopBinds := context.WithCancel(work)
	books, stopBooks := context.WithCancel(work)
	defer stopBinds()
	defer stopBooks()

	// A part that ends by itself takes the gateway down with it.
	failing, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var pools, projection, rest sync.WaitGroup
	guard := func(wg *sync.WaitGroup, what string, part func() error) {
		wg.Go(func() {
			if err := part(); err != nil && !errors.Is(err, context.Canceled) {
				fail(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	guard(&projection, "projector", func() error { return a.once(books, a.projector.Run) })
	for id, p := range a.pools {
		pools.Go(func() {
			// An SMSC that refuses us for good is that SMSC's trouble: it shows in binds, and the others go on.
			if err := p.Run(binds); err != nil && binds.Err() == nil {
				a.log.Error("binds have stopped; mend the cause and restart", "smsc", id, "error", err)
			}
		})
	}
	guard(&rest, "console", func() error { return a.console.Run(work) })
	guard(&rest, "match rates", func() error { return a.watchMatches(work) })
	for _, asker := range a.askers(time.Now(), a.metrics.Asked) {
		guard(&rest, "query_sm", func() error { return asker.Run(failing) })
	}
	guard(&rest, "database", func() error { return a.awaitDatabase(failing) })
	guard(&rest, "lag", func() error { return a.watchLag(failing) })
	guard(&rest, "store", func() error { return a.syncStore(failing) })
	guard(&rest, "checkpoints", func() error { return a.checkpoints(failing) })
	guard(&rest, "keys", func() error { return a.once(failing, a.syncKeys) })
	guard(&rest, "unreported", func() error { return a.once(failing, a.giveUpReceipts) })
	guard(&rest, "maintenance", func() error { return a.once(failing, a.maintain) })
	guard(&rest, "register", func() error { return a.once(failing, a.followRegister) })
	guard(&rest, "feedback", func() error { return a.once(failing, a.learn) })
	if err := a.startOTP(ctx); err != nil {
		fail(fmt.Errorf("OTP service: %w", err))
	} else {
		guard(&rest, "OTP service", func() error { return a.runOTP(failing) })
	}
	guard(&rest, "ready", func() error { return a.announce(failing, ready) })

	a.log.Info("tenants connect to NATS", "at", a.broker.address())
	a.rememberRecent(failing)
	a.taking.Store(true)
	a.intake.Run(failing)
	a.log.Info("draining")
	stopBinds()
	pools.Wait()
	a.dispatch.Wait()
	a.sign(work)
	a.catchUp()
	stopBooks()
	projection.Wait()
	stopWork()
	rest.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return context.Cause(failing)
}

// catchUp waits, within reason, until the projection has what the ledger has.
func (a *App) catchUp() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := a.lookup.Await(ctx, a.ledger.End()); err != nil {
		a.log.Warn("stopped before PostgreSQL had everything; it catches up at the next start", "error", err)
	}
}

// Close takes down what Open built, in reverse.
func (a *App) Close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
	a.closers = nil
}

// Ready says why the gateway takes no requests, or nil.
func (a *App) Ready() error {
	if !a.broker.conn.IsConnected() {
		return errors.New("NATS is not connected")
	}
	for _, p := range a.pools {
		if p.Live() && a.taking.Load() {
			return nil
		}
		if p.Live() {
			return errors.New("starting")
		}
	}
	return errors.New("no bind is up; see harkara binds")
}

// announce calls ready when the gateway first takes requests.
func (a *App) announce(ctx context.Context, ready func()) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for a.Ready() != nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
	ready()
	return nil
}

// room tells intake how many more requests of a tenant's class its live SMSCs can take, and how many they can hold.
func (a *App) room(table *router.Table) func(sms.TenantID, sms.Class) (now, most int) {
	return func(tenant sms.TenantID, class sms.Class) (now, most int) {
		for _, id := range table.Reach(tenant, class) {
			if p := a.pools[id]; p.Live() {
				now += p.Room(class)
				most += a.cfg.smsc(id).holds()
			}
		}
		return now, most
	}
}
