package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// serve runs the SMSC, and its books over HTTP where they are asked for, until ctx ends.
func serve(ctx context.Context, f flags, stderr io.Writer) error {
	f.config.Password = sms.Secret(f.password)
	books, err := listenHTTP(ctx, f.http)
	if err != nil {
		return err
	}
	l, err := listenSMPP(ctx, f.listen, f.tls)
	if err != nil {
		return errors.Join(err, books.close())
	}
	smsc := smsctest.New(f.config)
	ended := make(chan error, 1)
	go func() { ended <- smsc.Serve(l) }()
	failed := books.serve(handler(smsc))
	say(stderr, "listening on %s", l.Addr())
	if books.listener != nil {
		say(stderr, "books on http://%s/stats and /messages", books.listener.Addr())
	}
	select {
	case <-ctx.Done():
	case err = <-failed:
	case err = <-ended:
		close(ended)
	}
	err = errors.Join(err, smsc.Close(), <-ended, books.close())
	c := smsc.Counters()
	say(stderr, "took %d submit_sm: %d accepted, %d refused, %d throttled, %d duplicates; %d receipts, %d acked",
		c.Submits, c.Accepted, c.Refused, c.Throttled, c.Duplicates, c.Receipts, c.ReceiptsAcked)
	return err
}

func say(stderr io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(stderr, format+"\n", args...) // a closed stderr does not end the SMSC
}

// httpBooks is the HTTP side; the zero value is none.
type httpBooks struct {
	listener net.Listener
	server   http.Server
	done     chan struct{} // closed when server has ended
}

func listenHTTP(ctx context.Context, addr string) (*httpBooks, error) {
	if addr == "" {
		return &httpBooks{}, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for HTTP on %s: %w", addr, err)
	}
	return &httpBooks{listener: l}, nil
}

// serve answers in a goroutine that close waits for; its failure comes by the channel.
func (h *httpBooks) serve(handler http.Handler) <-chan error {
	if h.listener == nil {
		return nil
	}
	h.server = http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	h.done = make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		defer close(h.done)
		if err := h.server.Serve(h.listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve HTTP: %w", err)
		}
	}()
	return failed
}

// close lets answers under way end, for a few seconds.
func (h *httpBooks) close() error {
	if h.listener == nil {
		return nil
	}
	if h.done == nil {
		return h.listener.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := h.server.Shutdown(ctx)
	<-h.done
	if err != nil {
		return fmt.Errorf("end HTTP: %w", err)
	}
	return nil
}
