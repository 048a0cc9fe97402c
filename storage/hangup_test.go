package storage

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
)

// vanisher dials connections to a host that vanishes when a message is to be sent.
type vanisher struct {
	message []byte
	once    sync.Once
	gone    chan struct{}
}

func (v *vanisher) Dial(network, address string) (net.Conn, error) {
	return v.DialContext(context.Background(), network, address)
}

func (v *vanisher) DialTimeout(network, address string, _ time.Duration) (net.Conn, error) {
	return v.Dial(network, address)
}

func (v *vanisher) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	select {
	case <-v.gone:
		return nil, errors.New("no route to host")
	default:
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	return &vanishingConn{c, v}, err
}

type vanishingConn struct {
	net.Conn
	host *vanisher
}

func (c *vanishingConn) Write(p []byte) (int, error) {
	if bytes.Contains(p, c.host.message) {
		c.host.once.Do(func() { close(c.host.gone) })
	}
	select {
	case <-c.host.gone:
		return len(p), nil // the kernel takes it, and nobody ever answers
	default:
		return c.Conn.Write(p)
	}
}

// TestRunEndsWithoutAnAnswer: PostgreSQL's host vanishes while the projector waits for an answer that does not heed ctx.
func TestRunEndsWithoutAnAnswer(t *testing.T) {
	for name, message := range map[string]string{"in COPY": "c\x00\x00\x00\x04", "in COMMIT": "COMMIT\x00"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 100*time.Millisecond)
			connector, err := pq.NewConnector(dsnOf(query(t, b.db, `SELECT current_database()`)[0]))
			if err != nil {
				t.Fatal(err)
			}
			host := &vanisher{message: []byte(message), gone: make(chan struct{})}
			connector.Dialer(host)
			cfg := b.config()
			cfg.DB = sql.OpenDB(connector)
			b.append(t, newHistory(1).planned(1, "a", 1, 1).events...)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- NewProjector(cfg).Run(ctx) }()
			<-host.gone
			cancel()
			select {
			case err := <-ended:
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				cfg.DB.Close()
			case <-time.After(10 * time.Second):
				t.Error("Run waits for an answer")
			}
		})
	}
}
