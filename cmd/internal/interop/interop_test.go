//go:build interop

package interop

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

// worldTime is how long one peer's test may take.
const worldTime = 2 * time.Minute

// TestInterop runs harkara serve, as a program, against SMSCs and with a tenant that are not ours, and asks each of them,
// and tshark, what came over the wire.
func TestInterop(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "harkara")
	run(t.Context(), t, nil, "go", "build", "-o", binary, "harkara/cmd/harkara")

	t.Run("node-smpp", func(t *testing.T) {
		keys := filepath.Join(t.TempDir(), "keys.log")
		scripted(t, binary, &peer{SMSCs: nodeSMSCs(), keys: keys}, "node", "--tls-keylog="+keys, "peers/node-smpp.js")
	})
	t.Run("Net-SMPP", func(t *testing.T) {
		scripted(t, binary, &peer{SMSCs: perlSMSCs()}, "perl", "peers/net-smpp.pl")
	})
	t.Run("Kannel", func(t *testing.T) { kannel(t, binary, 0x34) })
	t.Run("Kannel-3.3", func(t *testing.T) { kannel(t, binary, 0x33) })
}

// scripted is the whole test against a peer that sends receipts and says what it read.
func scripted(t *testing.T, binary string, p *peer, argv ...string) {
	ctx, cancel := context.WithTimeout(t.Context(), worldTime)
	defer cancel()
	requests := requestsFor(p.SMSCs)
	startScript(ctx, t, p, argv...)
	c := startCapture(ctx, t, p)
	g := serve(ctx, t, binary, p)
	tenant := startTenant(ctx, t, g, requests)
	awaitStatuses(ctx, t, tenant, requests)
	g.drain(t, requests)
	said := endTenant(ctx, t, tenant)
	p.awaitUnbound(ctx, t)
	pdus := c.end(ctx, t, p.binds())

	ids := checkPeer(t, p, requests)
	checkTenant(t, said, requests, ids)
	checkWire(t, pdus, p.SMSCs, requests)
}

// passed says what was checked, for people, unless something was found wrong.
func passed(t *testing.T, format string, args ...any) {
	t.Helper()
	if !t.Failed() {
		t.Logf(format, args...)
	}
}
