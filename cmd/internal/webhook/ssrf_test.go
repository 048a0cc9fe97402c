package webhook

import (
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

// TestRefusedAddresses posts to a server on this machine by every way of naming it, with a poster that may not.
func TestRefusedAddresses(t *testing.T) {
	var hits atomic.Int64
	s := serve(t, "127.0.0.1", func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	at := map[string]string{ // what names lead to
		"internal.example.": "127.0.0.1", "metadata.google.internal.": "169.254.169.254", "db.example.": "10.0.0.5",
		"six.example.": "::1", "mapped.example.": "::ffff:127.0.0.1", "well.example.": "64:ff9b::7f00:1",
		"link.example.": "fe80::1", "cgnat.example.": "100.64.0.1", "zero.example.": "0.0.0.0", "ula.example.": "fd00:ec2::254",
		"six-to-four.example.": "2002:7f00:1::", "multicast.example.": "224.0.0.1", "2130706433.": "127.0.0.1",
		"127.0.0.1.nip.example.": "127.0.0.1", "localhost.example.": "127.0.0.1",
	}
	p := open(t)
	p.dialer.Resolver = resolver(func(name string) []netip.Addr {
		if addr, ok := at[name]; ok {
			return []netip.Addr{netip.MustParseAddr(addr)}
		}
		return nil
	})
	for _, host := range []string{
		"127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "0.0.0.0", "0", "2130706433", "017700000001", "0x7f000001", "0x7f.0.0.1",
		"0177.0.0.1", "0x7f.1", "127.0.0.1.", "%31%32%37.0.0.1", "①②⑦.0.0.1", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]",
		"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[fe80::1%25lo]",
		"169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "192.168.1.1", "user@127.0.0.1", "user:word@127.0.0.1",
		"example.com@127.0.0.1", "localhost", "LOCALHOST", "localhost.",
		"internal.example", "metadata.google.internal", "db.example", "six.example", "mapped.example", "well.example",
		"link.example", "cgnat.example", "zero.example", "ula.example", "six-to-four.example", "multicast.example",
		"127.0.0.1.nip.example", "localhost.example", "INTERNAL.example",
	} {
		err := p.Post(t.Context(), plainTo("http://"+host+":"+port(t, s)+"/"), "id-1", []byte("{}"), now)
		switch {
		case err == nil:
			t.Errorf("%s: posted", host)
		case Retry(err) && !strings.Contains(err.Error(), "DNS"): // where the name means nothing here, there is nothing to refuse
			t.Errorf("%s: would be tried again: %v", host, err)
		case strings.HasSuffix(host, "example") && !strings.Contains(err.Error(), "no public address"):
			t.Errorf("%s: not refused for its address: %v", host, err)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

// TestRebinding: a name leads to an address that is allowed, until its owner has it lead to another on the same machine.
func TestRebinding(t *testing.T) {
	var allowed, secretly atomic.Int64
	inner := serve(t, "127.0.0.1", func(http.ResponseWriter, *http.Request) { secretly.Add(1) })
	outer := serve(t, "127.0.0.2", func(http.ResponseWriter, *http.Request) { allowed.Add(1) })
	var to atomic.Pointer[[]netip.Addr]
	p := open(t, netip.MustParsePrefix("127.0.0.2/32"))
	p.dialer.Resolver = resolver(func(string) []netip.Addr { return *to.Load() })
	lead := func(addrs ...string) {
		list := make([]netip.Addr, len(addrs))
		for i, a := range addrs {
			list[i] = netip.MustParseAddr(a)
		}
		to.Store(&list)
	}
	post := func(at string) error {
		return p.Post(t.Context(), plainTo("http://hooks.example:"+at), "id-1", []byte("{}"), now)
	}
	lead("127.0.0.2")
	if err := post(port(t, outer)); err != nil || allowed.Load() != 1 {
		t.Fatalf("the allowed address: %v", err)
	}
	p.Close() // else the next goes by the connection that is there
	lead("127.0.0.1")
	for _, at := range []string{port(t, outer), port(t, inner)} {
		if err := post(at); err == nil || Retry(err) || hopeless(err) || !strings.Contains(err.Error(), "127.0.0.1 is no public address") {
			t.Errorf("led to another: %v", err)
		}
	}
	lead("127.0.0.1", "127.0.0.2") // of several addresses those that are allowed are tried
	if err := post(port(t, outer)); err != nil || allowed.Load() != 2 {
		t.Errorf("one of two: %v", err)
	}
	if n := secretly.Load(); n != 0 {
		t.Errorf("%d requests came to the other", n)
	}
}

// TestRedirects: none is followed, wherever it leads.
func TestRedirects(t *testing.T) {
	var hits atomic.Int64
	inner := serve(t, "127.0.0.1", func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	var location atomic.Pointer[string]
	front := serve(t, "127.0.0.1", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", *location.Load())
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	p := open(t, loopback...)
	for _, to := range []string{inner.URL, "http://169.254.169.254/latest/meta-data/", "/", "//127.0.0.1/", "file:///etc/passwd", ""} {
		location.Store(&to)
		err := p.Post(t.Context(), plainTo(front.URL), "id-1", []byte("{}"), now)
		if err == nil || Retry(err) || !strings.Contains(err.Error(), "redirects are not followed") {
			t.Errorf("%q: %v", to, err)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests came where a redirect led", n)
	}
}

// TestNoProxy: a proxy of the environment would connect to where the poster may not.
func TestNoProxy(t *testing.T) {
	if open(t).transport.Proxy != nil {
		t.Error("the poster asks for a proxy")
	}
}
