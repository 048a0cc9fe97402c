//go:build interop

package interop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// peer is a program that is not ours and that is one or several SMSCs.
type peer struct {
	*process
	SMSCs        []*smsc
	Certificates string // the folder of certificates, where it knows TLS
	keys         string // the file to which it writes the keys of TLS sessions; empty: it knows no TLS
	port         string // it listens here
	tlsPort      string // and here with TLS
}

// binds is how many connections it gets.
func (p *peer) binds() int {
	n := 0
	for _, s := range p.SMSCs {
		n += s.Binds
		if s.Mode == "transmitter_receiver" {
			n += s.Binds
		}
	}
	return n
}

// peerLine is what the scripted peers print.
type peerLine struct {
	Event     string `json:"event"`
	Port      int    `json:"port"`
	TLSPort   int    `json:"tls_port"`
	SMSC      string `json:"smsc"`
	As        string `json:"as"` // of bound, to Client
	Version   int    `json:"version"`
	From      string `json:"from"`
	TLS       string `json:"tls"`
	AskedFor  string `json:"asked_for"` // the server's name
	Client    string `json:"client"`    // that of the certificate, which the peer has checked
	ID        string `json:"id"`        // of submit, queried and receipt_answered, as statuses should write it
	Source    string `json:"source"`
	Dest      string `json:"dest"`
	Text      string `json:"text"` // of message: the whole text
	Entity    string `json:"entity"`
	Template  string `json:"template"`
	By        string `json:"by"` // how the parts are joined
	Reference int    `json:"reference"`
	Total     int    `json:"total"`
	Part      int    `json:"part"`
	Status    int    `json:"status"` // of receipt_answered
	Why       string `json:"why"`    // of fault
}

// startScript runs one of the scripted peers until it listens.
func startScript(ctx context.Context, t *testing.T, p *peer, argv ...string) {
	t.Helper()
	if p.keys != "" {
		p.Certificates = certificates(t)
	}
	p.process = start(ctx, t, filepath.Base(argv[len(argv)-1]), "",
		append(nodePath(t), "SYSTEM_ID="+systemID, "PASSWORD="+smscPassword, "TLS_DIR="+p.Certificates), argv...)
	p.await(ctx, t, p.out, "its port", func() bool { return len(p.out.get()) > 0 })
	line := decode[peerLine](t, p.out)[0]
	p.port, p.tlsPort = fmt.Sprint(line.Port), fmt.Sprint(line.TLSPort)
	for _, s := range p.SMSCs {
		s.Addr = "127.0.0.1:" + p.port
		if s.TLS {
			s.Addr = "127.0.0.1:" + p.tlsPort
		}
	}
}

// events are the lines of one kind.
func (p *peer) events(t *testing.T, event string) []peerLine {
	t.Helper()
	var found []peerLine
	for _, line := range decode[peerLine](t, p.out) {
		if line.Event == event {
			found = append(found, line)
		}
	}
	return found
}

// nodePath is the environment in which node finds the packages that deploy/setup.sh installed.
func nodePath(t *testing.T) []string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "harkara-interop", "node_modules")
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("the peers from npm are missing: %v; run make interop, which installs them", err)
	}
	return []string{"NODE_PATH=" + dir}
}

// awaitUnbound waits until every bind was ended in good order: nothing comes after that.
func (p *peer) awaitUnbound(ctx context.Context, t *testing.T) {
	t.Helper()
	p.await(ctx, t, p.out, "unbind on every bind", func() bool { return len(p.events(t, "unbound")) >= p.binds() })
}
