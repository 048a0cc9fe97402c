package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve runs a receiver on an address of this machine.
func serve(t *testing.T, host string, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	listener, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// port is a server's.
func port(t *testing.T, s *httptest.Server) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func plainTo(url string) Target {
	return Target{URL: url, Secret: secret, Plain: true}
}

func TestPost(t *testing.T) {
	const body = `{"event":"verified","challenge":"abc"}`
	got := make(chan error, 1)
	s := serve(t, "127.0.0.1", func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err == nil {
			err = Verify(secret, r.Header, raw, now)
		}
		if r.Method != "POST" || r.URL.RequestURI() != "/events?a=b" || string(raw) != body || r.ProtoMajor != 1 ||
			r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Webhook-Id") != "id-1" ||
			r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("%s %s %v %s", r.Method, r.URL, r.Header, raw)
		}
		got <- err
		w.WriteHeader(http.StatusNoContent)
	})
	if err := open(t, loopback...).Post(t.Context(), plainTo(s.URL+"/events?a=b"), "id-1", []byte(body), now); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

func TestAnswers(t *testing.T) {
	var status atomic.Int64
	s := serve(t, "127.0.0.1", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(int(status.Load()))
	})
	p := open(t, loopback...)
	for _, tt := range []struct {
		status    int
		ok, again bool
		says      string
	}{
		{status: 200, ok: true}, {status: 201, ok: true}, {status: 202, ok: true}, {status: 204, ok: true}, {status: 299, ok: true},
		{status: 301, says: "redirects"}, {status: 302, says: "redirects"}, {status: 303, says: "redirects"},
		{status: 304, says: "redirects"}, {status: 307, says: "redirects"}, {status: 308, says: "redirects"},
		{status: 400, says: "refuses"}, {status: 401, says: "secret"}, {status: 403, says: "secret"}, {status: 404, says: "URL"},
		{status: 409, says: "refuses"}, {status: 410, says: "configuration"}, {status: 413, says: "refuses"},
		{status: 408, again: true}, {status: 429, again: true}, {status: 500, again: true}, {status: 501, again: true},
		{status: 502, again: true}, {status: 503, again: true}, {status: 504, again: true}, {status: 599, again: true},
	} {
		status.Store(int64(tt.status))
		err := p.Post(t.Context(), plainTo(s.URL), "id-1", []byte("{}"), now)
		if (err == nil) != tt.ok || Retry(err) != tt.again || !strings.Contains(text(err), tt.says) ||
			err != nil && hopeless(err) != (tt.status == http.StatusGone) {
			t.Errorf("%d: %v, again %v, hopeless %v", tt.status, err, Retry(err), hopeless(err))
		}
	}
}

// TestRetryOfWhatIsNoFailure: what does not come from a receiver is final.
func TestRetryOfWhatIsNoFailure(t *testing.T) {
	for _, err := range []error{nil, io.EOF, errNotURL} {
		if Retry(err) || !hopeless(err) {
			t.Errorf("%v: tried again", err)
		}
	}
}

func TestPostNeedsASecret(t *testing.T) {
	p := open(t, loopback...)
	for _, to := range []Target{{URL: "https://127.0.0.1/"}, {URL: "https://127.0.0.1/", Secret: "whsec_short"},
		{URL: "http://127.0.0.1/", Secret: secret}} {
		if err := p.Post(t.Context(), to, "id-1", []byte("{}"), now); err == nil || Retry(err) || !hopeless(err) {
			t.Errorf("%+v: %v", to, err)
		}
	}
}

// TestSlow: a receiver that takes the request and says nothing, one that sends its headers drop by drop, and one that never
// takes the connection off its hands.
func TestSlow(t *testing.T) {
	over := make(chan struct{})
	silent := serve(t, "127.0.0.1", func(http.ResponseWriter, *http.Request) { <-over })
	defer close(over)
	drip := listen(t, func(conn net.Conn) {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: "); err == nil; _, err = io.WriteString(conn, "x") {
			<-tick.C
		}
	})
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes the connection, and nobody reads
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	p := open(t, loopback...)
	p.timeout = 50 * time.Millisecond
	for _, url := range []string{silent.URL, drip, "http://" + deaf.Addr().String(), "https://" + deaf.Addr().String()} {
		began := time.Now()
		err := p.Post(t.Context(), plainTo(url), "id-1", []byte("{}"), now)
		if !Retry(err) || !strings.Contains(text(err), "did not answer within 50ms") || time.Since(began) > time.Second {
			t.Errorf("%s: %v after %v", url, err, time.Since(began))
		}
	}
}

// listen answers each connection's first request by what the test writes to it.
func listen(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if _, err := conn.Read(make([]byte, 64<<10)); err == nil {
				answer(conn)
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return "http://" + listener.Addr().String()
}

// TestHugeAnswers: an answer without end neither fills the memory nor holds the sender up.
func TestHugeAnswers(t *testing.T) {
	var written atomic.Int64
	endless := serve(t, "127.0.0.1", func(w http.ResponseWriter, r *http.Request) {
		chunk := make([]byte, 32<<10)
		for n, err := w.Write(chunk); err == nil; n, err = w.Write(chunk) {
			written.Add(int64(n))
		}
	})
	if err := open(t, loopback...).Post(t.Context(), plainTo(endless.URL), "id-1", []byte("{}"), now); err != nil {
		t.Error(err)
	}
	endless.Close()                      // waits for the handler
	if n := written.Load(); n > 16<<20 { // what the kernel's buffers hold
		t.Errorf("%d bytes of the answer were read", n)
	}
	headers := listen(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")
	})
	if err := open(t, loopback...).Post(t.Context(), plainTo(headers), "id-1", []byte("{}"), now); !Retry(err) {
		t.Errorf("headers of 1 MB: %v", err)
	}
}

// TestBroken: faults of the connection are tried again, and their errors quote neither the URL nor what the receiver sent,
// which may be our own body.
func TestBroken(t *testing.T) {
	const body = `{"code":"canary-493817"}`
	closed := serve(t, "127.0.0.1", nil)
	closed.Close()
	names := map[string]string{
		"nothing listens":    closed.URL,
		"closes at once":     listen(t, func(net.Conn) {}),
		"does not speak":     listen(t, func(c net.Conn) { _, _ = io.WriteString(c, body+"\r\n\r\n") }),
		"a code of its own":  listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 canary-493817\r\n\r\n") }),
		"headers that break": listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+body+" x\r\n\r\n") }),
		"half an answer":     listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200") }),
		"no such name":       "http://nowhere.invalid",
		"a reason of 503":    listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 503 canary-493817\r\n\r\n") }),
		"no TLS":             strings.Replace(listen(t, func(c net.Conn) { _, _ = io.WriteString(c, body) }), "http:", "https:", 1),
		"a foreign redirect": listen(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 302 canary-493817\r\nLocation: canary-493817://%%\r\n\r\n")
		}),
	}
	p := open(t, loopback...)
	p.dialer.Resolver = resolver(func(string) []netip.Addr { return nil })
	for name, url := range names {
		err := p.Post(t.Context(), plainTo(url+"/canary-path?token=canary-query"), "id-1", []byte(body), now)
		if err == nil || Retry(err) == strings.Contains(name, "redirect") || hopeless(err) {
			t.Errorf("%s: %v, again %v", name, err, Retry(err))
		}
		if name == "nothing listens" && text(err) != "127.0.0.1 can't be reached: connection refused" {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(text(err), "canary") || strings.Contains(text(err), secret.Reveal()[6:]) {
			t.Errorf("%s: the error tells too much: %v", name, err)
		}
	}
}

func TestTLS(t *testing.T) {
	start := func(change func(*tls.Config)) *httptest.Server {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.TLS = &tls.Config{}
		change(s.TLS)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	good := start(func(*tls.Config) {})
	old := start(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })
	p := open(t, loopback...)
	trust := p.transport.TLSClientConfig
	to := func(s *httptest.Server, host string) Target {
		return Target{URL: "https://" + net.JoinHostPort(host, port(t, s)), Secret: secret}
	}
	if err := p.Post(t.Context(), to(good, "127.0.0.1"), "id-1", nil, now); !strings.Contains(text(err), "authority") {
		t.Errorf("a certificate of nobody's: %v", err)
	}
	trust.RootCAs = x509.NewCertPool()
	trust.RootCAs.AddCert(good.Certificate())
	if err := p.Post(t.Context(), to(good, "127.0.0.1"), "id-1", nil, now); err != nil {
		t.Errorf("the right one: %v", err)
	}
	p.dialer.Resolver = resolver(func(string) []netip.Addr { return []netip.Addr{netip.MustParseAddr("127.0.0.1")} })
	if err := p.Post(t.Context(), to(good, "hooks.invalid"), "id-1", nil, now); !strings.Contains(text(err), "another name") {
		t.Errorf("another's: %v", err)
	}
	if err := p.Post(t.Context(), to(old, "127.0.0.1"), "id-1", nil, now); !Retry(err) || !strings.Contains(text(err), "TLS 1.2") {
		t.Errorf("TLS 1.1: %v", err)
	}
	trust.Time = func() time.Time { return time.Now().AddDate(200, 0, 0) }
	if err := p.Post(t.Context(), to(good, "127.0.0.1"), "id-1", nil, now); err != nil {
		t.Errorf("on the connection that is there: %v", err)
	}
	p.Close()
	if err := p.Post(t.Context(), to(good, "127.0.0.1"), "id-1", nil, now); !strings.Contains(text(err), "not valid") {
		t.Errorf("run out: %v", err)
	}
}
