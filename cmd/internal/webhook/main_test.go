package webhook

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"harkara/smpp/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// secret is 32 bytes that everybody knows.
const secret sms.Secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

var (
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	now      = time.Unix(1_790_000_000, 0)
)

// open returns a poster that may connect to this machine.
func open(t *testing.T, private ...netip.Prefix) *Poster {
	t.Helper()
	p := NewPoster(private)
	t.Cleanup(p.Close)
	return p
}

// eventually asks until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	over, tick := time.After(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("still not: %s", what)
		}
	}
}

// resolver asks answers for each name's addresses, by a DNS server that is no more than that: a pipe for each question.
func resolver(answers func(name string) []netip.Addr) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(_ context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go serveDNS(theirs, answers)
		return ours, nil
	}}
}

// serveDNS answers questions as over TCP: two octets of length before each message (RFC 1035 §4.2.2).
func serveDNS(conn net.Conn, answers func(name string) []netip.Addr) {
	defer conn.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		answer := answerDNS(question, answers)
		if _, err := conn.Write(binary.BigEndian.AppendUint16(nil, uint16(len(answer)))); err != nil {
			return
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// answerDNS answers one question for A or AAAA (RFC 1035 §4.1).
func answerDNS(question []byte, answers func(name string) []netip.Addr) []byte {
	name, end := "", 12
	for question[end] != 0 {
		label := question[end+1 : end+1+int(question[end])]
		name, end = name+string(label)+".", end+1+len(label)
	}
	end += 5 // the root, type and class
	kind := binary.BigEndian.Uint16(question[end-4:])
	var records []byte
	count := uint16(0)
	for _, addr := range answers(strings.ToLower(name)) {
		if is4 := addr.Is4(); is4 && kind != 1 || !is4 && kind != 28 {
			continue
		}
		count++
		records = append(records, 0xc0, 12) // the name asked for
		records = append(records, question[end-4:end]...)
		records = append(records, 0, 0, 0, 0, 0, byte(addr.BitLen()/8)) // no time to live
		records = append(records, addr.AsSlice()...)
	}
	made := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1}, byte(count>>8), byte(count), 0, 0, 0, 0)
	return append(append(made, question[12:end]...), records...)
}
