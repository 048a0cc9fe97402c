//go:build interop

package interop

import (
	"slices"
	"testing"
)

// checkPeer compares what a scripted peer decoded with what was sent, and returns the ids that it gave, by number.
func checkPeer(t *testing.T, p *peer, requests []*request) map[string][]string {
	t.Helper()
	for _, fault := range p.events(t, "fault") {
		t.Errorf("%s: %s", p.name, fault.Why)
	}
	checkBound(t, p)
	ids := checkSegments(t, p, requests)
	checkTexts(t, p, requests)
	checkFates(t, p, requests, ids)
	return ids
}

// checkBound looks at the binds: who made them, from where and how, and that they were kept alive and ended well.
func checkBound(t *testing.T, p *peer) {
	t.Helper()
	bound := p.events(t, "bound")
	for _, s := range p.SMSCs {
		want := peerLine{Event: "bound", SMSC: s.ID, As: "bind_transceiver", Version: s.version, From: s.from}
		if s.TLS {
			want.TLS, want.AskedFor, want.Client = "TLSv1.3", serverName, systemID
		}
		n := 0
		for _, b := range bound {
			if b.SMSC == s.ID {
				n++
				if b != want {
					t.Errorf("%s was bound as %+v, want %+v", p.name, b, want)
				}
			}
		}
		if n != s.Binds {
			t.Errorf("%s was bound %d times as %s, want %d", p.name, n, s.ID, s.Binds)
		}
	}
	for event, what := range map[string]string{"bound": "bound", "enquire_link_answered": "answered an enquire_link",
		"unbound": "unbound"} {
		if n := len(p.events(t, event)); n != p.binds() {
			t.Errorf("%s was %s %d times, want %d", p.name, what, n, p.binds())
		}
	}
}

// checkSegments compares each submit_sm, and returns the ids that they were given, by number.
func checkSegments(t *testing.T, p *peer, requests []*request) map[string][]string {
	t.Helper()
	byDest := map[string][]peerLine{}
	ids := map[string][]string{}
	submits := p.events(t, "submit")
	for _, s := range submits {
		byDest[s.Dest] = append(byDest[s.Dest], s)
		ids[s.Dest] = append(ids[s.Dest], s.ID)
	}
	for _, r := range requests {
		if r.rejected() {
			continue
		}
		list := byDest[r.dest]
		delete(byDest, r.dest)
		if len(list) != r.submits() {
			t.Errorf("%s took %d submit_sm of %s, want %d", p.name, len(list), r.id, r.submits())
		}
		for _, s := range list {
			if s.SMSC != r.smsc.ID || s.Source != r.header || s.Entity != acmeEntity || s.Template != r.template ||
				s.By != r.joinedBy() || s.Total != r.submits() || s.Reference != list[0].Reference {
				t.Errorf("%s read %+v of %s", p.name, s, r.id)
			}
		}
	}
	for dest, list := range byDest {
		t.Errorf("%s got %d submit_sm to %s, which nobody asked for", p.name, len(list), dest)
	}
	passed(t, "%s: read %d submit_sm: SMSC, header, entity, template and parts are right", p.name, len(submits))
	return ids
}

// checkTexts compares the texts as the peer put them together.
func checkTexts(t *testing.T, p *peer, requests []*request) {
	t.Helper()
	texts := map[string][]string{}
	whole := p.events(t, "message")
	for _, m := range whole {
		texts[m.Dest] = append(texts[m.Dest], m.Text)
	}
	for _, r := range requests {
		if !r.rejected() && !slices.Equal(texts[r.dest], []string{r.text}) {
			t.Errorf("%s read %s as %q, want %q once", p.name, r.id, texts[r.dest], r.text)
		}
	}
	passed(t, "%s: put %d texts together, each as it was written by hand", p.name, len(whole))
}

// checkFates asks for one answer to each receipt, for a query_sm where there is none, and that what had to be refused was.
func checkFates(t *testing.T, p *peer, requests []*request, ids map[string][]string) {
	t.Helper()
	answered, queried, refused := map[string]int{}, map[string]int{}, map[string]int{}
	for _, a := range p.events(t, "receipt_answered") {
		answered[a.ID]++
		if a.Status != 0 {
			t.Errorf("%s: the receipt of %s was answered with %#x, want 0", p.name, a.ID, a.Status)
		}
	}
	for _, q := range p.events(t, "queried") {
		queried[q.ID]++
	}
	for _, f := range p.events(t, "refused") {
		refused[f.Dest]++
	}
	for _, r := range requests {
		times := 1
		if r.silent {
			times = 0
		}
		for _, id := range ids[r.dest] {
			if answered[id] != times {
				t.Errorf("%s: the receipt of %s (%s) was answered %d times, want %d", p.name, id, r.id, answered[id], times)
			}
			if r.silent && queried[id] == 0 { // others may be asked for while their receipts are on the way
				t.Errorf("%s: was never asked for the receipt of %s (%s)", p.name, id, r.id)
			}
		}
		if r.refused != (refused[r.dest] == 1) {
			t.Errorf("%s: refused %s %d times", p.name, r.id, refused[r.dest])
		}
	}
}
