package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/otp/api"
	"harkara/cmd/internal/otp/service"
	"harkara/cmd/internal/otp/state"
	"harkara/cmd/internal/webhook"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

// oneTime is the OTP service with what belongs to it.
type oneTime struct {
	service   *service.Service
	proof     []byte       // see ours
	off       error        // why this gateway serves no codes: others do, with the keys that it does not have; nil: it does
	handler   http.Handler // of /v1
	listener  net.Listener // of its own; nil: the console serves it
	followers []*webhook.Follower
}

// openOTP builds the OTP service, its HTTP API and the webhooks of its events.
func (a *App) openOTP(ctx context.Context) (err error) {
	c := a.cfg
	store, err := state.Open(ctx, state.Config{JS: a.js, Replicas: c.NATS.Replicas, Memory: c.OTP.State == "memory", Log: a.log})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, store.Close)
	k, err := a.keyring()
	if err != nil {
		return fmt.Errorf("OTP keys: %w", err)
	}
	switch err := store.Fits(ctx, k.CounterKey("fingerprint")); {
	case errors.Is(err, state.ErrOtherKeys):
		a.otp.off = err
		a.log.Error("this gateway serves no one-time passwords; it sends those of the others", "error", err)
	case err != nil:
		return err
	}
	if a.otp.proof, err = store.ProofKey(ctx); err != nil {
		return err
	}
	hooks, err := c.hooks()
	if err != nil {
		return err
	}
	calls, asked := a.metrics.OTP()
	poster := webhook.NewPoster(c.webhookNetworks())
	a.closers = append(a.closers, poster.Close)
	for id, target := range hooks { // with their secrets
		if err := poster.Check(target); err != nil {
			return fmt.Errorf("otp.webhooks: %s: %w", id, err)
		}
	}
	a.otp.service = service.New(service.Config{Conn: a.broker.conn, JS: a.js, State: store, Ledger: a.ledger, Keys: a.keyring, Proof: a.proof,
		Known: c.hasTenant, Policy: c.otpPolicy(), Check: a.checkMessage, Profile: c.checkProfile(), Limits: c.limits(), Tests: c.testNumbers(),
		Hooks: hooks, Poster: poster, Replicas: c.NATS.Replicas, Log: a.log, Trace: calls})
	keys, err := c.apiKeys()
	if err != nil {
		return err
	}
	a.otp.handler = a.gated(api.Handler(api.Config{Service: a.otp.service, Keys: keys, Log: a.log, Trace: asked}))
	if c.API.Listen != "" {
		if a.otp.listener, err = c.API.listen(); err != nil {
			return err
		}
		a.closers = append(a.closers, func() { _ = a.otp.listener.Close() }) // a second close after Run says so; that is no fault
	}
	for _, t := range c.Tenants {
		if t.Events == (Hook{}) {
			continue
		}
		target, err := t.Events.target()
		if err != nil {
			return fmt.Errorf("tenant %s: events: %w", t.ID, err)
		}
		a.otp.followers = append(a.otp.followers, &webhook.Follower{JS: a.js, Stream: storage.StatusStream, Tenant: t.ID, Target: target,
			Poster: poster, Log: a.log, Trace: a.metrics.Webhooks()})
	}
	return nil
}

// gated lets no more requests in than the service takes, and none when it ends or is off.
func (a *App) gated(h http.Handler) http.Handler {
	const everybody sms.TenantID = "" // whose a request is shows its key, which is not looked at yet
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.otp.off != nil || !a.otp.service.Enter(everybody) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, `{"error":{"code":"unavailable","detail":"too many calls are under way, or the gateway stops; try again","retry_after":1}}`)
			return
		}
		defer a.otp.service.Leave(everybody)
		h.ServeHTTP(w, r)
	})
}

// proof shows that a request is the OTP service's, of whichever gateway: a keyed digest of whose it is and of its id.
func (a *App) proof(tenant sms.TenantID, id sms.RequestID) string {
	mac := hmac.New(sha256.New, a.otp.proof)
	fmt.Fprintf(mac, "%s\x00%s", tenant, id) // never fails, as package hash promises
	return hex.EncodeToString(mac.Sum(nil))
}

// ours is the intake's Ours.
func (a *App) ours(tenant sms.TenantID, id sms.RequestID, proof string) bool {
	return hmac.Equal([]byte(a.proof(tenant, id)), []byte(proof))
}

// startOTP takes calls over NATS from now on, where this gateway serves them.
func (a *App) startOTP(ctx context.Context) error {
	if a.otp.off != nil {
		return nil
	}
	return a.otp.service.Start(ctx)
}

// runOTP works until ctx ends.
func (a *App) runOTP(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	errs := make(chan error, len(a.otp.followers)+2)
	part := func(run func(context.Context) error) {
		wg.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				errs <- err
				stop() // a part that ends by itself takes the others with it
			}
		})
	}
	if a.otp.off == nil {
		part(a.otp.service.Run)
	}
	for _, f := range a.otp.followers {
		part(f.Run)
	}
	if a.otp.listener != nil {
		part(a.serveAPI)
	}
	wg.Wait()
	close(errs)
	var err error
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

// serveAPI serves /v1 on a listener of its own until ctx ends.
func (a *App) serveAPI(ctx context.Context) error {
	server := api.Server(a.otp.handler)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if server.Shutdown(end) != nil {
			server.Close()
		}
	}()
	if err := server.Serve(a.otp.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("api: %w", err)
	}
	<-stopped
	return nil
}

// listen opens the API's own address, with TLS where there is a certificate.
func (c *API) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("api.listen %s: %w; stop what listens there or set another address", c.Listen, err)
	}
	if c.CertFile == "" {
		return l, nil
	}
	cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("api: certificate: %w", err)
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"}}), nil
}

// otpKeys returns the keys of codes as they are at each call; they are made ready once for each change.
func (a *App) otpKeys() func() (*otp.Keyring, error) {
	var mu sync.Mutex
	var of *storage.OTPKeys
	var ready *otp.Keyring
	var trouble string
	return func() (*otp.Keyring, error) {
		keys, err := a.vault.OTPKeys(storage.OTPKeySource{Credential: a.cfg.OTP.KeysCredential})
		if keys == nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			trouble = ""
		} else if err.Error() != trouble {
			trouble = err.Error()
			a.log.Error("the keys of codes can't be read again; those of before stay in use", "error", err)
		}
		if keys == of {
			return ready, nil
		}
		codes := make(map[otp.KeyID][]byte, len(keys.Codes))
		for id, key := range keys.Codes {
			codes[otp.KeyID(id)] = key
		}
		k, err := otp.NewKeyring(keys.Index, otp.KeyID(keys.Current), codes)
		if err != nil {
			return nil, err
		}
		of, ready = keys, k
		return ready, nil
	}
}

// checkMessage is the service's Check.
func (a *App) checkMessage(req *sms.Request) (service.Checked, *sms.Failure) {
	slots, text, failure := a.dispatch.Check(req)
	return service.Checked{Slots: slots, Text: text}, failure
}

// checkProfile is the service's Profile.
func (c *Config) checkProfile() func(id dlt.TemplateID, text, code sms.Secret) error {
	all := c.Profiles()
	return func(id dlt.TemplateID, text, code sms.Secret) error {
		if p, ok := all[id]; ok {
			return p.CheckText(text, code)
		}
		return nil
	}
}

func (c *Config) webhookNetworks() (list []netip.Prefix) {
	for _, text := range c.OTP.WebhookNetworks {
		if p, err := netip.ParsePrefix(text); err == nil { // check has looked
			list = append(list, p)
		}
	}
	return list
}
