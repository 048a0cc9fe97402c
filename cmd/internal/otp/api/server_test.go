package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"harkara/cmd/internal/otp"
)

// pipes is a listener whose connections are in memory, so that time-outs are those of the bubble's clock.
type pipes struct {
	made chan net.Conn
	end  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.made:
		return c, nil
	case <-p.end:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.end); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

// dial returns a connection to the server, which ends with the test.
func (p *pipes) dial(t *testing.T) net.Conn {
	client, server := net.Pipe()
	p.made <- server
	t.Cleanup(func() { client.Close() })
	return client
}

// serve runs Server on pipes.
func serve(t *testing.T) (*world, *pipes) {
	w := newWorld(t)
	p := &pipes{made: make(chan net.Conn), end: make(chan struct{})}
	server := Server(w.Handler)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(p) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-ended; err != http.ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
	})
	return w, p
}

// answerTo reads one answer and how long the server then keeps the connection.
func answerTo(t *testing.T, c net.Conn) (status int, fault otp.Error, kept time.Duration) {
	t.Helper()
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	if resp.Header.Get("Content-Type") == "application/json" {
		_, fault = read(t, resp)
	}
	from := time.Now()
	_, _ = io.Copy(io.Discard, r) // until the server closes: nothing comes any more
	return resp.StatusCode, fault, time.Since(from)
}

func head(w *world, method, path, more string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + w.acme.Reveal() + "\r\n" + more + "\r\n"
}

const jsonKind = "Content-Type: application/json\r\n"

// TestSlowHeader: a header that comes in drops has five seconds.
func TestSlowHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := serve(t)
		began := time.Now()
		c := p.dial(t)
		if _, err := io.WriteString(c, strings.TrimSuffix(head(w, "GET", base, ""), "\r\n")); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			time.Sleep(time.Second)
			if _, err := fmt.Fprintf(c, "X-%d: a\r\n", i); err != nil {
				break
			}
		}
		if took := time.Since(began); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("the server listened for %v", took)
		}
		if len(w.asked) > 0 {
			t.Errorf("the service was asked %q", w.asked)
		}
	})
}

// TestSlowBody: a body that does not come in ten seconds is answered, and its connection closed.
func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := serve(t)
		began := time.Now()
		c := p.dial(t)
		if _, err := io.WriteString(c, head(w, "POST", base+"/verify", jsonKind+"Content-Length: 17\r\n")+`{"code"`); err != nil {
			t.Fatal(err)
		}
		status, fault, kept := answerTo(t, c)
		if took := time.Since(began); status != 408 || fault.Code != timedOut || took < 10*time.Second || took > 11*time.Second || kept > time.Second {
			t.Errorf("%d %v after %v, closed after %v", status, fault, took, kept)
		}
		if len(w.asked) > 0 {
			t.Errorf("the service was asked %q", w.asked)
		}
	})
}

// TestSilence: a connection that is kept for another request is closed after a minute; one on which none ever came, after five
// seconds.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := serve(t)
		began := time.Now()
		if _, err := p.dial(t).Read(make([]byte, 1)); err != io.EOF || time.Since(began) != 5*time.Second {
			t.Errorf("nothing was said: %v after %v", err, time.Since(began))
		}
		c := p.dial(t)
		if _, err := io.WriteString(c, head(w, "GET", base, "")); err != nil {
			t.Fatal(err)
		}
		if status, _, kept := answerTo(t, c); status != 200 || kept != time.Minute {
			t.Errorf("%d, kept for %v", status, kept)
		}
	})
}

// TestDeafCaller: one that does not read its answer holds nothing up for longer than fifteen seconds.
func TestDeafCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := serve(t)
		c := p.dial(t)
		if _, err := io.WriteString(c, head(w, "GET", "/v1/openapi.yaml", "")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(16 * time.Second)
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
			t.Error("the server still waited to be read")
		}
	})
}

// TestSizes: limits of bodies and headers, each at its edge.
func TestSizes(t *testing.T) {
	bodyOf := func(size int) string { return `{"code":"` + strings.Repeat("x", size-11) + `"}` }
	chunked := func(body string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body) }
	sized := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }
	for _, tt := range []struct {
		name, more, body string
		status           int
		code             otp.Code
	}{
		{"a body of 8 KiB", sized(bodyOf(8192)), bodyOf(8192), 200, ""},
		{"one byte more", sized(bodyOf(8193)), bodyOf(8193), 413, tooLarge},
		{"chunked, of 8 KiB", "Transfer-Encoding: chunked\r\n", chunked(bodyOf(8192)), 200, ""},
		{"chunked, one byte more", "Transfer-Encoding: chunked\r\n", chunked(bodyOf(8193)), 413, tooLarge},
		{"a megabyte is announced", "Content-Length: 1048576\r\n", bodyOf(9000), 413, tooLarge},
		{"both lengths", "Transfer-Encoding: chunked\r\nContent-Length: 17\r\n", chunked(bodyOf(17)), 200, ""}, // chunks count, RFC 9112 §6.3
		{"two lengths", "Content-Length: 17\r\nContent-Length: 18\r\n", bodyOf(17), 400, ""},
		{"a long header", sized(bodyOf(17)) + "X: " + strings.Repeat("x", 12<<10) + "\r\n", bodyOf(17), 200, ""},
		{"a header that is too long", sized(bodyOf(17)) + "X: " + strings.Repeat("x", 21<<10) + "\r\n", bodyOf(17), 431, ""},
		{"many headers", sized(bodyOf(17)) + strings.Repeat("X: x\r\n", 6000), bodyOf(17), 431, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, p := serve(t)
			c := p.dial(t)
			go func() { // the server may answer and close before it has read all
				_, _ = io.WriteString(c, head(w, "POST", base+"/verify", jsonKind+tt.more)+tt.body)
			}()
			status, fault, _ := answerTo(t, c)
			if status != tt.status || fault.Code != tt.code {
				t.Errorf("%s: %d %v, want %d %s", tt.name, status, fault, tt.status, tt.code)
			}
			if asked := len(w.asked) > 0; asked != (tt.status == 200) {
				t.Errorf("%s: the service was asked %q", tt.name, w.asked)
			}
		})
	}
}

// TestAsterisk: no method goes round the handler.
func TestAsterisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := serve(t)
		for _, line := range []string{"OPTIONS *", "CONNECT x:443", "OPTIONS /v1/otp", "PRI *"} {
			c := p.dial(t)
			method, path, _ := strings.Cut(line, " ")
			if _, err := io.WriteString(c, head(w, method, path, "")); err != nil {
				t.Fatal(err)
			}
			if status, fault, _ := answerTo(t, c); (status != 404 || fault.Code != notFound) && (status != 405 || fault.Code != badMethod) {
				t.Errorf("%s: %d %v", line, status, fault)
			}
		}
	})
}
