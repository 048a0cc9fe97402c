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

func TestInterop(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "harkara")
	run(t.Context(), t, nil, "go", "build", "-o", binary, "harkara/cmd/harkara")
	t.Run("node-smpp", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), worldTime)
		defer cancel()
		p := startScript(ctx, t, peer{Mode: "transceiver", Binds: 2, SubmitID: "text", ReceiptID: "text"}, "node", "peers/node-smpp.js")
		c := startCapture(ctx, t, p.port())
		g := serve(ctx, t, binary, p)
		tenant := startTenant(ctx, t, g)
		awaitStatuses(ctx, t, tenant, 13)
		g.drain(t)
		c.stop(t, 2)
		keep(t, c.file)
		for _, l := range p.out.get() {
			t.Log(l)
		}
		for _, l := range tenant.out.get() {
			t.Log(l)
		}
	})
}
