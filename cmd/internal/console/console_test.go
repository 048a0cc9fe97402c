package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"harkara/cmd/internal/loopback"
	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// open starts a console that is not ready while down is set; it ends with the test.
func open(t *testing.T, down *atomic.Bool) string {
	t.Helper()
	registry := prometheus.NewRegistry()
	made := prometheus.NewCounter(prometheus.CounterOpts{Name: "harkara_made_up_total", Help: "Made up."})
	registry.MustRegister(made)
	made.Add(7)
	c, err := Open(Config{Addr: "127.0.0.1:0", Registry: registry,
		Ready: func() error {
			if down.Load() {
				return errors.New("no bind is up; see harkara binds")
			}
			return nil
		},
		Binds: func() []Bind {
			rate := 0.75
			return []Bind{{Status: bind.Status{SMSC: "a", Bind: 1, State: "bound"}, MatchRate: &rate, MatchAlarm: "look"},
				{Status: bind.Status{SMSC: "b", Bind: 1, State: "waiting", Rate: 87.5, TPS: 100, Paused: true}}}
		},
		Trace: func(id sms.SMSCID) ([]bind.Record, bool) {
			at := time.Date(2026, 11, 22, 10, 11, 12, 345678000, time.FixedZone("IST", 19800))
			frame := pdu.AppendHeader(nil, pdu.EnquireLink, pdu.ESME_ROK, 7)
			return []bind.Record{{SMSC: "a", Bind: 1, At: at, Sent: true, Frame: frame}, {SMSC: "a", Bind: 2, At: at, Frame: frame[:3]}}, id == "a"
		}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return c.Addr()
}

func ask(t *testing.T, method, addr, path string) (status int, kind, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(text)
}

func TestPages(t *testing.T) {
	var down atomic.Bool
	addr := open(t, &down)
	for _, tt := range []struct {
		method, path string
		status       int
		kind, body   string
	}{
		{"GET", "/healthz", 200, "text/plain; charset=utf-8", "ok\n"},
		{"GET", "/readyz", 200, "text/plain; charset=utf-8", "ready\n"},
		{"HEAD", "/healthz", 200, "text/plain; charset=utf-8", ""},
		{"POST", "/healthz", 405, "text/plain; charset=utf-8", "Method Not Allowed\n"},
		{"PUT", "/readyz", 405, "text/plain; charset=utf-8", "Method Not Allowed\n"},
		{"DELETE", "/binds", 405, "text/plain; charset=utf-8", "Method Not Allowed\n"},
		{"POST", "/metrics", 405, "text/plain; charset=utf-8", "Method Not Allowed\n"},
		{"GET", "/", 404, "text/plain; charset=utf-8", "404 page not found\n"},
		{"GET", "/debug/pprof/", 404, "text/plain; charset=utf-8", "404 page not found\n"},
	} {
		if status, kind, body := ask(t, tt.method, addr, tt.path); status != tt.status || kind != tt.kind || body != tt.body {
			t.Errorf("%s %s: %d %s %q; want %d %s %q", tt.method, tt.path, status, kind, body, tt.status, tt.kind, tt.body)
		}
	}
	if status, kind, body := ask(t, "GET", addr, "/metrics"); status != 200 || !strings.HasPrefix(kind, "text/plain; version=") ||
		!strings.Contains(body, "\nharkara_made_up_total 7\n") {
		t.Errorf("/metrics: %d %s\n%s", status, kind, body)
	}
	status, kind, body := ask(t, "GET", addr, "/binds")
	var list []Bind
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != 200 || kind != "application/json" || len(list) != 2 {
		t.Fatalf("/binds: %d %s %s: %v", status, kind, body, err)
	}
	if a := list[0]; a.SMSC != "a" || a.State != "bound" || *a.MatchRate != 0.75 || a.MatchAlarm != "look" {
		t.Errorf("/binds[0] is %+v", a)
	}
	if b := list[1]; b.SMSC != "b" || b.MatchRate != nil || b.Rate != 87.5 || b.TPS != 100 || !b.Paused {
		t.Errorf("/binds[1] is %+v", b)
	}
}

// TestTrace: a line tells when, whose, which way and what, the octets last.
func TestTrace(t *testing.T) {
	var down atomic.Bool
	addr := open(t, &down)
	if status, _, body := ask(t, "GET", addr, "/trace?smsc=b"); status != 404 || body != "no SMSC \"b\" in the configuration\n" {
		t.Errorf("an unknown SMSC: %d %q", status, body)
	}
	status, kind, body := ask(t, "GET", addr, "/trace?smsc=a")
	var lines []TraceLine
	if err := json.Unmarshal([]byte(body), &lines); err != nil || status != 200 || kind != "application/json" || len(lines) != 2 {
		t.Fatalf("/trace: %d %s %s: %v", status, kind, body, err)
	}
	want := "2026-11-22T04:41:12.345678Z a/1 > enquire_link                    7 ESME_ROK         00000010000000150000000000000007"
	if got := lines[0].String(); got != want {
		t.Errorf("line\n%s, want\n%s", got, want)
	}
	if lines[1].Sent || lines[1].Hex != "000000" || lines[1].Command != "" {
		t.Errorf("the beginning of a header: %+v", lines[1])
	}
}

// TestNotReady: the answer says why, and changes with what it tells.
func TestNotReady(t *testing.T) {
	var down atomic.Bool
	addr := open(t, &down)
	for _, tt := range []struct {
		down   bool
		status int
		body   string
	}{{true, 503, "no bind is up; see harkara binds\n"}, {false, 200, "ready\n"}, {true, 503, "no bind is up; see harkara binds\n"}} {
		down.Store(tt.down)
		if status, _, body := ask(t, "GET", addr, "/readyz"); status != tt.status || body != tt.body {
			t.Errorf("down %t: %d %q, want %d %q", tt.down, status, body, tt.status, tt.body)
		}
		if status, _, _ := ask(t, "GET", addr, "/healthz"); status != 200 {
			t.Errorf("down %t: /healthz %d; the process lives", tt.down, status)
		}
	}
}

// TestLargeHeader: what no scraper sends is refused before it is read whole.
func TestLargeHeader(t *testing.T) {
	var down atomic.Bool
	conn, err := net.Dial("tcp", open(t, &down))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	// The server may close before it has read all: then the write fails, and the answer is there all the same.
	_, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 21<<10)+"\r\n\r\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || line != "HTTP/1.1 431 Request Header Fields Too Large\r\n" {
		t.Errorf("answer %q, %v", line, err)
	}
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	_, err = Open(Config{Addr: addr})
	if want := "http " + addr + ": listen tcp " + addr + ": bind: address already in use; stop what listens there or set another address"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestCloseWithoutRun frees the port.
func TestCloseWithoutRun(t *testing.T) {
	addr, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(Config{Addr: addr})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	l, err := net.Listen("tcp", c.Addr())
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	l.Close()
}
