package outage

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// cut is when a proxy ends a connection that commits.
type cut uint8

const (
	before  cut = iota + 1 // PostgreSQL does not see the COMMIT
	between                // it sees the COMMIT, nobody waits for its answer
	behind                 // it has committed, the answer is withheld
)

func (c cut) String() string {
	return [...]string{"", "before the COMMIT", "with the COMMIT under way", "before the answer to the COMMIT"}[c]
}

// proxy stands between the gateway and PostgreSQL, understands its messages (PostgreSQL 15 §55.7), and cuts the
// projection's connection at a COMMIT when it is told to.
type proxy struct {
	listener net.Listener
	target   string // the server's socket
	wg       sync.WaitGroup

	mu     sync.Mutex
	armed  cut           // 0: nothing is cut
	done   chan struct{} // closed when it is
	closed bool
	open   map[net.Conn]struct{}
}

// newProxy listens beside the server's socket, in a folder of its own, and returns the DSN that leads through it.
func newProxy(t *testing.T, d *database) (p *proxy, dsn string) {
	t.Helper()
	const name = ".s.PGSQL.5432"
	run := filepath.Join(filepath.Dir(d.dir), "run")
	dir := filepath.Join(filepath.Dir(d.dir), "proxy")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	p = &proxy{listener: l, target: filepath.Join(run, name), open: map[net.Conn]struct{}{}}
	p.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			p.wg.Go(func() { p.join(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		p.closed = true
		for conn := range p.open {
			conn.Close()
		}
		p.mu.Unlock()
		p.wg.Wait()
	})
	if !strings.Contains(d.dsn, "'"+run+"'") {
		t.Fatalf("the DSN does not lead to %s", run)
	}
	return p, strings.Replace(d.dsn, run, dir, 1)
}

// arm has the projection's next COMMIT cut; the channel is closed when that was done.
func (p *proxy) arm(c cut) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.done = c, make(chan struct{})
	return p.done
}

// take returns the cut that is armed, and disarms it.
func (p *proxy) take() (cut, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, done := p.armed, p.done
	p.armed = 0
	return c, done
}

// join works one connection until either end closes it.
func (p *proxy) join(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", p.target)
	if err != nil {
		return // the gateway sees a server that is not there
	}
	defer server.Close()
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.open[client] = struct{}{}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.open, client)
	}()
	withhold := make(chan chan struct{}, 1) // told of a COMMIT whose answer must not pass
	p.wg.Go(func() {
		defer client.Close()
		defer server.Close()
		p.answers(server, client, withhold)
	})
	_ = p.requests(client, server, withhold) // however it ends, the link does
}

// requests passes the client's messages on, until one is a COMMIT to be cut.
func (p *proxy) requests(client io.Reader, server io.Writer, withhold chan<- chan struct{}) error {
	r := bufio.NewReader(client)
	start, err := read(r, 0)
	if err == nil {
		_, err = server.Write(start)
	}
	for projects := false; err == nil; {
		var m []byte
		if m, err = read(r, 1); err != nil {
			return err
		}
		projects = projects || bytes.Contains(m, []byte("UPDATE harkara.projection"))
		if m[0] == 'Q' && projects && bytes.HasPrefix(m[5:], []byte("COMMIT")) {
			switch c, done := p.take(); c {
			case before:
				close(done)
				return errors.New("cut")
			case between:
				_, err = server.Write(m)
				close(done)
				return errors.Join(err, errors.New("cut"))
			case behind:
				withhold <- done
			}
			projects = false
		}
		_, err = server.Write(m)
	}
	return err
}

// answers passes the server's messages on, but for the answer to a COMMIT that is withheld: that ends the link.
func (p *proxy) answers(server io.Reader, client io.Writer, withhold <-chan chan struct{}) {
	for r := bufio.NewReader(server); ; {
		m, err := read(r, 1)
		if err != nil {
			return
		}
		if m[0] == 'C' && bytes.HasPrefix(m[5:], []byte("COMMIT\x00")) {
			select {
			case done := <-withhold:
				close(done)
				return
			default:
			}
		}
		if _, err := client.Write(m); err != nil {
			return
		}
	}
}

// read reads one message: so many octets of type, then its length with its own four octets, then the rest. The first
// message of a connection has no type. An encrypted connection is not understood; its DSN says sslmode=disable.
func read(r *bufio.Reader, kind int) ([]byte, error) {
	head := make([]byte, kind+4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[kind:])
	if length < 4 || length > 1<<30 {
		return nil, errors.New("not a message of PostgreSQL")
	}
	m := append(head, make([]byte, length-4)...)
	_, err := io.ReadFull(r, m[kind+4:])
	return m, err
}
