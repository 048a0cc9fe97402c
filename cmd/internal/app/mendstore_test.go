package app

import (
	"os"
	"path/filepath"
	"testing"

	"harkara/storage"
)

// TestABlockWithoutItsKey: a server that was killed as it began a block of messages has the block and not its key. The
// stream is there when it starts again, with all that was in it.
func TestABlockWithoutItsKey(t *testing.T) {
	cfg := brokerConfig(t.TempDir())
	b, js := startBroker(t, cfg)
	const n = 3
	for range n {
		if _, err := js.Publish(t.Context(), "sms.acme.status.submitted", []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	b.close()
	msgs := filepath.Join(cfg.Data, "nats", "jetstream", gatewayAccount, "streams", storage.StatusStream, "msgs")
	if _, err := os.Stat(filepath.Join(msgs, "1.key")); err != nil {
		t.Fatalf("blocks are kept otherwise now: %v", err)
	}
	if err := os.WriteFile(filepath.Join(msgs, "2.blk"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, js = startBroker(t, cfg)
	stream, err := js.Stream(t.Context(), storage.StatusStream)
	if err != nil {
		t.Fatal(err)
	}
	if state := stream.CachedInfo().State; state.Msgs != n {
		t.Errorf("%d messages are in the stream, want %d", state.Msgs, n)
	}
}
