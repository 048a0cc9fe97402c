//go:build interop

package interop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// peer is an SMSC that is not ours, running, and how the gateway is to talk to it.
type peer struct {
	*process
	Addr      string
	Mode      string
	Binds     int
	SubmitID  string // the form of ids in its answers
	ReceiptID string // and in its receipts
}

// port is where it listens.
func (p *peer) port() string { return p.Addr[len("127.0.0.1:"):] }

// peerLine is what the scripted peers print.
type peerLine struct {
	Event     string `json:"event"`
	Port      int    `json:"port"`
	As        string `json:"as"`      // of bound
	Version   int    `json:"version"` // of bound
	ID        string `json:"id"`      // of submit and receipt_answered, as statuses should write it
	Source    string `json:"source"`
	Dest      string `json:"dest"`
	Text      string `json:"text"`
	Entity    string `json:"entity"`
	Template  string `json:"template"`
	Reference int    `json:"reference"`
	Total     int    `json:"total"`
	Part      int    `json:"part"`
	Status    int    `json:"status"` // of receipt_answered
	Why       string `json:"why"`    // of fault
}

// startScript runs one of the scripted peers until it listens.
func startScript(ctx context.Context, t *testing.T, p peer, argv ...string) *peer {
	t.Helper()
	p.process = start(ctx, t, filepath.Base(argv[1]), "",
		append(nodePath(t), "SYSTEM_ID="+systemID, "PASSWORD="+smscPassword), argv...)
	p.await(ctx, t, p.out, "its port", func() bool { return len(p.out.get()) > 0 })
	p.Addr = fmt.Sprintf("127.0.0.1:%d", decode[peerLine](t, p.out)[0].Port)
	return &p
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
	p.await(ctx, t, p.out, "unbind on every bind", func() bool { return len(p.events(t, "unbound")) >= p.Binds })
}

// checkPeer compares what a scripted peer decoded with what was sent, and returns the ids that it gave, by number.
func checkPeer(t *testing.T, p *peer) map[string][]string {
	t.Helper()
	for _, fault := range p.events(t, "fault") {
		t.Errorf("%s: %s", p.name, fault.Why)
	}
	bound := p.events(t, "bound")
	if len(bound) != p.Binds {
		t.Errorf("%s was bound %d times, want %d", p.name, len(bound), p.Binds)
	}
	for _, b := range bound {
		if b.As != "bind_transceiver" || b.Version != 0x34 {
			t.Errorf("%s was bound by %s, version %#x; want bind_transceiver, 0x34", p.name, b.As, b.Version)
		}
	}
	if n := len(p.events(t, "enquire_link_answered")); n != p.Binds {
		t.Errorf("%s had %d of its enquire_link answered, want %d", p.name, n, p.Binds)
	}
	if n := len(p.events(t, "unbound")); n != p.Binds {
		t.Errorf("%s was unbound %d times, want %d", p.name, n, p.Binds)
	}
	ids := checkTexts(t, p)
	answered := map[string]int{}
	for _, a := range p.events(t, "receipt_answered") {
		answered[a.ID]++
		if a.Status != 0 {
			t.Errorf("%s: the receipt of %s was answered with %#x, want 0", p.name, a.ID, a.Status)
		}
	}
	for dest, list := range ids {
		for _, id := range list {
			if answered[id] != 1 {
				t.Errorf("%s: the receipt of %s to %s was answered %d times, want once", p.name, id, dest, answered[id])
			}
		}
	}
	return ids
}

// checkTexts puts the texts together from their parts, as a handset does.
func checkTexts(t *testing.T, p *peer) map[string][]string {
	t.Helper()
	parts := map[string][]peerLine{}
	for _, s := range p.events(t, "submit") {
		parts[s.Dest] = append(parts[s.Dest], s)
	}
	ids := map[string][]string{}
	for _, r := range requests {
		if r.rejected() {
			continue
		}
		list := parts[r.dest]
		delete(parts, r.dest)
		text := make([]string, r.segments)
		for _, s := range list {
			if s.Source != r.header || s.Entity != acmeEntity || s.Template != r.template || s.Total != r.segments ||
				s.Reference != list[0].Reference {
				t.Errorf("%s read %+v of %s", p.name, s, r.id)
			}
			if s.Part >= 1 && s.Part <= r.segments {
				text[s.Part-1] += s.Text
			}
			ids[r.dest] = append(ids[r.dest], s.ID)
		}
		if whole := strings.Join(text, ""); len(list) != r.segments || whole != r.text {
			t.Errorf("%s read %s as %q in %d parts, want %q in %d", p.name, r.id, whole, len(list), r.text, r.segments)
		}
	}
	for dest, list := range parts {
		t.Errorf("%s got %d submit_sm to %s, which nobody asked for", p.name, len(list), dest)
	}
	passed(t, "%s: read %d submit_sm of %d messages: header, entity, template and text are right", p.name,
		len(p.events(t, "submit")), len(ids))
	return ids
}
