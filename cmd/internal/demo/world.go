package demo

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync/atomic"
	"time"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/loopback"
	"harkara/cmd/internal/otp/api"
	"harkara/deploy/samples"
	"harkara/dlt"
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
	"harkara/storage"
)

// World is a gateway with everything around it, running.
type World struct {
	Dir    string // holds harkara.yaml and data/
	File   string // the configuration
	Config *app.Config
	SMSCs  map[sms.SMSCID]*smsctest.SMSC

	arrivals *arrivals
	handsets atomic.Pointer[handsets] // of simulated people; nil: there are none
	keys     map[string]sms.Secret    // API keys, by tenant
	stop     context.CancelFunc
	ended    chan error
}

// Setting is what may differ between worlds.
type Setting struct {
	Sync   string                              // nats.sync; empty: 100ms, since what a demo holds is thrown away
	Binds  int                                 // of each SMSC; 0: 2
	Window int                                 // of each bind; 0: 64
	SMSC   func(id sms.SMSCID) smsctest.Config // how the simulators behave; nil: 20 ms to the answer, 200 ms more to the receipt
	Extra  string                              // more lines for each SMSC's configuration
	DSN    string                              // of a database; empty: a private one
	Log    *slog.Logger
}

const (
	password  = "demo" // of everybody in the demo; it listens on loopback
	startTime = 60 * time.Second
)

// Start builds the world and returns when its gateway takes requests.
func Start(ctx context.Context, set Setting) (*World, error) {
	w, err := prepare(ctx, set)
	if err != nil {
		return nil, err
	}
	as("gateway", func() { err = w.serve(ctx, set.Log) })
	if err != nil {
		w.Stop()
		w.Remove()
		return nil, err
	}
	return w, nil
}

// prepare builds the world around a gateway: simulators, configuration, register.
func prepare(ctx context.Context, set Setting) (_ *World, err error) {
	w := &World{SMSCs: map[sms.SMSCID]*smsctest.SMSC{}, arrivals: newArrivals(), stop: func() {}}
	if w.Dir, err = os.MkdirTemp("", "harkara-demo-"); err != nil {
		return nil, fmt.Errorf("demo folder: %w", err)
	}
	defer func() {
		if err != nil {
			w.Stop()
			w.Remove()
		}
	}()
	// PostgreSQL runs as another user when the demo runs as root, and must be able to pass.
	if err := os.Chmod(w.Dir, 0o711); err != nil {
		return nil, fmt.Errorf("demo folder: %w", err)
	}
	as("simulator", func() { err = w.listen(set) })
	if err != nil {
		return nil, err
	}
	if err := w.configure(set); err != nil {
		return nil, err
	}
	return w, w.importRegister(ctx, set.Log)
}

// partLabel is the profiler's label that says whose work a goroutine does.
const partLabel = "part"

// as does something with the label on, which all goroutines that it starts inherit.
func as(part string, do func()) {
	pprof.Do(context.Background(), pprof.Labels(partLabel, part), func(context.Context) { do() })
}

// listen starts the simulators.
func (w *World) listen(set Setting) (err error) {
	for _, id := range []sms.SMSCID{"sim-a", "sim-b"} {
		cfg := smsctest.Config{Latency: 20 * time.Millisecond, ReceiptDelay: 200 * time.Millisecond}
		if set.SMSC != nil {
			cfg = set.SMSC(id)
		}
		cfg.SystemID, cfg.Password, cfg.Seen = "harkara", password, w.saw
		if w.SMSCs[id], err = smsctest.Listen("127.0.0.1:0", cfg); err != nil {
			return err
		}
	}
	return nil
}

// saw is told of every submit_sm by the simulators.
func (w *World) saw(m *pdu.SM) {
	w.arrivals.saw(m)
	if phones := w.handsets.Load(); phones != nil {
		phones.saw(m)
	}
}

// serve runs the gateway until Stop.
func (w *World) serve(ctx context.Context, log *slog.Logger) error {
	ctx, w.stop = context.WithCancel(ctx)
	gateway, err := app.Open(ctx, w.Config, log)
	if err != nil {
		return err
	}
	ready := make(chan struct{})
	w.ended = make(chan error, 1)
	go func() { w.ended <- gateway.Run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
		return nil
	case err := <-w.ended:
		w.ended <- err
		return fmt.Errorf("the gateway ended early: %w", err)
	case <-time.After(startTime):
		return fmt.Errorf("the gateway is not ready after %s: %w", startTime, gateway.Ready())
	}
}

// Stop ends the gateway, then the simulators, and removes what was temporary. It returns what the gateway ended with.
func (w *World) Stop() error {
	w.stop()
	var err error
	if w.ended != nil {
		err = <-w.ended
	}
	for _, s := range w.SMSCs {
		s.Close()
	}
	return err
}

// Remove deletes the world's folder; what it held was made up.
func (w *World) Remove() { os.RemoveAll(w.Dir) }

// configure writes the configuration file, as a person would, and reads it.
func (w *World) configure(set Setting) error {
	natsAddr, err := loopback.Addr()
	if err != nil {
		return err
	}
	httpAddr, err := loopback.Addr()
	if err != nil {
		return err
	}
	digests, err := w.makeKeys("acme", "zipkart")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	err = configTemplate.Execute(&b, map[string]any{
		"Data": filepath.Join(w.Dir, "data"), "NATS": natsAddr, "HTTP": httpAddr, "Password": password,
		"Sync": orElse(set.Sync, "100ms"), "Binds": orElse(set.Binds, 2), "Window": orElse(set.Window, 64),
		"SMSCs": map[string]string{"sim-a": w.SMSCs["sim-a"].Addr().String(), "sim-b": w.SMSCs["sim-b"].Addr().String()},
		"Extra": set.Extra, "DSN": set.DSN, "APIKeys": digests,
	})
	if err != nil {
		return err
	}
	w.File = filepath.Join(w.Dir, "harkara.yaml")
	if err := os.WriteFile(w.File, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	w.Config, err = app.Parse(w.File, b.Bytes())
	return err
}

// makeKeys makes an API key for each tenant, which KeyFile holds too, and returns their digests.
func (w *World) makeKeys(tenants ...string) (digests map[string]string, err error) {
	w.keys, digests = map[string]sms.Secret{}, map[string]string{}
	for _, id := range tenants {
		w.keys[id], digests[id] = api.NewKey(sms.TenantID(id))
		if err := os.WriteFile(w.KeyFile(id), []byte(w.keys[id].Reveal()), 0o600); err != nil {
			return nil, fmt.Errorf("write API key: %w", err)
		}
	}
	return digests, nil
}

// KeyFile holds a tenant's API key, for whoever wants to try it.
func (w *World) KeyFile(tenant string) string { return filepath.Join(w.Dir, tenant+".key") }

// importRegister puts the sample register in, by the way that `harkara dlt import` goes.
func (w *World) importRegister(ctx context.Context, log *slog.Logger) error {
	db, closeDB, err := app.OpenDatabase(ctx, w.Config, log)
	if err != nil {
		return err
	}
	defer closeDB()
	for _, sample := range []struct {
		kind dlt.Kind
		file []byte
	}{{dlt.KindTemplate, samples.Register}, {dlt.KindCTA, samples.CTAs}} {
		rows, err := dlt.Read(sample.kind, dlt.CSV(bytes.NewReader(sample.file)), dlt.Defaults{})
		if err != nil {
			return fmt.Errorf("sample register: %w", err)
		}
		if len(rows.Refused) > 0 {
			return fmt.Errorf("sample register: %v", rows.Refused[0])
		}
		from := storage.Source{File: "the demo's sample " + string(sample.kind), By: "demo", At: time.Now()}
		if _, err := storage.ImportRegister(ctx, db, rows, from, storage.ImportOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
