package session

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"harkara/smpp/pdu"
)

// TestHostilePDUs states what a bound session does on each named seed of FuzzReceive. A broken length ends the stream
// before the session sees it; nothing else ends the session.
func TestHostilePDUs(t *testing.T) {
	const broken = "broken length"
	want := map[string]string{
		"length-0": broken, "length-2": broken, "length-15": broken, "length-65537": broken, "length-2147483648": broken,
		"length-16":           "send enquire_link_resp 1 ESME_ROK",
		"udhi-and-no-text":    "hand on deliver_sm 7", // the receipt's own reader judges the text
		"udhl-past-the-end":   "hand on deliver_sm 7",
		"tlv-past-the-end":    "send deliver_sm_resp 7 ESME_RSYSERR",
		"tlv-head-cut":        "send deliver_sm_resp 7 ESME_RSYSERR",
		"missing-nul":         "send deliver_sm_resp 7 ESME_RSYSERR",
		"no-body":             "send deliver_sm_resp 7 ESME_RSYSERR",
		"sequence-0":          "hand on deliver_sm 0",
		"sequence-4294967295": "hand on deliver_sm 4294967295",
	}
	files, _ := filepath.Glob("testdata/fuzz/FuzzReceive/*")
	if len(files) < len(want) {
		t.Errorf("%d seeds, want %d", len(files), len(want))
	}
	for name, want := range want {
		s := New[int](Config{As: pdu.BindTransceiver, Window: 1, ReceiptsMax: 1, EnquireLink: time.Minute})
		if err := s.Open(epoch); err != nil {
			t.Fatal(err)
		}
		s.Receive(frame("bind_transceiver_resp", map[string]string{"seq": "1"}), epoch)
		s.Flushed(len(s.Output()), epoch)
		got := broken
		if f, err := pdu.NewReader(bytes.NewReader(seed(t, name))).Next(); err == nil {
			s.Receive(f, epoch)
			got = effect(s)
		} else if !errors.Is(err, pdu.ErrLength) {
			got = err.Error()
		}
		if got != want || s.State() != Bound {
			t.Errorf("%s: %s, %s; want %s, bound", name, got, s.State(), want)
		}
	}
}

// effect says the one thing that a session has done.
func effect(s *Session[int]) string {
	_, deliveries := s.Take()
	if len(deliveries) == 1 && len(s.Output()) == 0 {
		h := deliveries[0].Header()
		return fmt.Sprintf("hand on %s %d", h.ID, h.Seq)
	}
	f, err := pdu.NewReader(bytes.NewReader(s.Output())).Next()
	if err != nil || len(f) != len(s.Output()) || len(deliveries) > 0 {
		return fmt.Sprintf("%d deliveries and %x", len(deliveries), s.Output())
	}
	h := f.Header()
	return fmt.Sprintf("send %s %d %s", h.ID, h.Seq, h.Status)
}

// seed reads a committed seed of FuzzReceive.
func seed(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "fuzz", "FuzzReceive", name))
	if err != nil {
		t.Fatal(err)
	}
	_, quoted, _ := strings.Cut(strings.TrimSpace(string(text)), "[]byte(")
	octets, err := strconv.Unquote(strings.TrimSuffix(quoted, ")"))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return []byte(octets)
}
