// Package console is what the gateway shows over HTTP: health, readiness, metrics, and the state of its binds.
package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"harkara/smpp/bind"
	"harkara/smpp/sms"
)

// Config is what the console shows.
type Config struct {
	Addr     string
	Registry *prometheus.Registry
	Ready    func() error // nil error: the gateway takes requests
	Binds    func() []Bind
	Trace    func(sms.SMSCID) ([]bind.Record, bool) // the last PDUs; false: no such SMSC
	API      http.Handler                           // of /v1/; nil: it is not here
}

// Bind is one connection with what is known of its SMSC as a whole.
type Bind struct {
	bind.Status
	MatchRate  *float64 `json:"match_rate"`  // share of the SMSC's recent receipts that found their message; null: none to judge
	MatchAlarm string   `json:"match_alarm"` // what a person must look at; empty: nothing
}

// Console is the HTTP server.
type Console struct {
	server   *http.Server
	listener net.Listener
}

// Open listens; Run serves.
func Open(cfg Config) (*Console, error) {
	l, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("http %s: %w; stop what listens there or set another address", cfg.Addr, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := cfg.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(cfg.Registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /binds", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(cfg.Binds()) // the reader went away: nothing to be done
	})
	mux.HandleFunc("GET /trace", trace(cfg.Trace))
	return &Console{listener: l, server: &http.Server{Handler: beside(mux, cfg.API), ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}}, nil
}

// beside gives all of /v1 to the API, whose paths the mux would otherwise clean by a redirect.
func beside(mux *http.ServeMux, api http.Handler) http.Handler {
	if api == nil {
		return mux
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1" || strings.HasPrefix(r.URL.Path, "/v1/") {
			api.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Addr returns where it listens.
func (c *Console) Addr() string { return c.listener.Addr().String() }

// Run serves until ctx ends.
func (c *Console) Run(ctx context.Context) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if c.server.Shutdown(end) != nil {
			c.server.Close()
		}
	}()
	if err := c.server.Serve(c.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("http: %w", err)
	}
	<-stopped
	return nil
}

// Close ends a console that never ran.
func (c *Console) Close() error { return c.listener.Close() }
