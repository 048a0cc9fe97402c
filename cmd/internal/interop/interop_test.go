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
		scripted(t, binary, peer{Mode: "transceiver", Binds: 2, SubmitID: "text", ReceiptID: "text"},
			"node", "peers/node-smpp.js")
	})
	t.Run("Net-SMPP", func(t *testing.T) {
		scripted(t, binary, peer{Mode: "transceiver", Binds: 1, SubmitID: "hex", ReceiptID: "dec"},
			"perl", "peers/net-smpp.pl")
	})
	t.Run("Kannel", func(t *testing.T) { kannel(t, binary) })
}

// scripted is the whole test against a peer that sends receipts and says what it read.
func scripted(t *testing.T, binary string, how peer, argv ...string) {
	ctx, cancel := context.WithTimeout(t.Context(), worldTime)
	defer cancel()
	p := startScript(ctx, t, how, argv...)
	c := startCapture(ctx, t, p.port())
	g := serve(ctx, t, binary, p)
	tenant := startTenant(ctx, t, g)
	states := func(r *request) []string { return r.states }
	awaitStatuses(ctx, t, tenant, states)
	g.drain(t)
	said := endTenant(ctx, t, tenant)
	p.awaitUnbound(ctx, t)
	pdus := c.end(ctx, t, p.Binds)

	ids := checkPeer(t, p)
	checkTenant(t, said, ids, states)
	var binds []uint32
	for range p.Binds {
		binds = append(binds, bindTransceiver)
	}
	checkWire(t, pdus, binds)
}

// passed says what was checked, for people, unless something was found wrong.
func passed(t *testing.T, format string, args ...any) {
	t.Helper()
	if !t.Failed() {
		t.Logf(format, args...)
	}
}
