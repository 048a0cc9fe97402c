package ledger

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// stored is one message as somebody who has the server's files could write it.
type stored struct {
	seq     uint64
	subject string
	header  nats.Header
	data    []byte
}

// all reads the stream.
func all(t testing.TB, js jetstream.JetStream) (messages []stored) {
	t.Helper()
	stream, err := js.Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	for seq := stream.CachedInfo().State.FirstSeq; seq <= stream.CachedInfo().State.LastSeq; seq++ {
		m, err := stream.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, stored{seq, m.Subject, m.Header, m.Data})
	}
	return messages
}

// rewrite puts messages in the place of the stream's: what somebody does who has the server's files. Positions that
// messages leave out are missing then.
func rewrite(t testing.TB, js jetstream.JetStream, messages []stored) {
	t.Helper()
	stream, err := js.Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	cfg := stream.CachedInfo().Config
	if err := js.DeleteStream(t.Context(), Stream); err != nil {
		t.Fatal(err)
	}
	cfg.DenyDelete, cfg.FirstSeq = false, 1
	if len(messages) > 0 {
		cfg.FirstSeq = messages[0].seq
	}
	for stream, err = js.CreateStream(t.Context(), cfg); err != nil; stream, err = js.CreateStream(t.Context(), cfg) {
		if t.Context().Err() != nil || !strings.Contains(err.Error(), "creating store") { // the old one's folder is going
			t.Fatal(err)
		}
	}
	next := cfg.FirstSeq
	var gaps []uint64
	for _, m := range messages {
		for ; next < m.seq; next++ {
			gaps = append(gaps, next)
			if _, err := js.Publish(t.Context(), "ledger.gap", nil); err != nil {
				t.Fatal(err)
			}
		}
		header := nats.Header{}
		for name, values := range m.header {
			if name != jetstream.MsgIDHeader && name != jetstream.ExpectedLastSubjSeqHeader {
				header[name] = values
			}
		}
		if _, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: m.subject, Header: header, Data: m.data}); err != nil {
			t.Fatal(err)
		}
		next++
	}
	for _, seq := range gaps {
		if err := stream.DeleteMsg(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
	}
	cfg.DenyDelete = true
	if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
}

// cut takes away all behind a position, as a power cut does.
func cut(t testing.TB, js jetstream.JetStream, to int) {
	t.Helper()
	rewrite(t, js, all(t, js)[:to])
}
