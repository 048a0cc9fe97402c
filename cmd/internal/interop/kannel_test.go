//go:build interop

package interop

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// moMessages is how many messages of its own drive_smpp sends to a receiver.
const moMessages = 3

// kannel is the whole test against drive_smpp, Kannel's test SMSC. It knows no transceiver, gives no message ids and
// sends no receipts, but messages from handsets, which the gateway has to take.
func kannel(t *testing.T, binary string, version int) {
	ctx, cancel := context.WithTimeout(t.Context(), worldTime)
	defer cancel()
	holdSmsbox(t)
	p := startKannel(ctx, t, version)
	requests := requestsFor(p.SMSCs)
	for _, r := range requests {
		if !r.rejected() {
			once := *r.message
			once.states = []string{"submitted"}
			r.message = &once
		}
	}
	c := startCapture(ctx, t, p)
	g := serve(ctx, t, binary, p)
	tenant := startTenant(ctx, t, g, requests)
	awaitStatuses(ctx, t, tenant, requests)
	g.drain(t, requests)
	said := endTenant(ctx, t, tenant)
	pdus := c.end(ctx, t, p.binds())

	checkKannel(t, p, requests)
	checkTenant(t, said, requests, nil)
	checkWire(t, pdus, p.SMSCs, requests)
}

// holdSmsbox listens where drive_smpp wants to find Kannel's own gateway, without which it stops.
func holdSmsbox(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:13001")
	if err != nil {
		t.Fatalf("drive_smpp connects to this port and nowhere else; stop what listens there: %v", err)
	}
	t.Cleanup(func() { l.Close() }) // the kernel holds the connection: nobody has to accept it
}

func startKannel(ctx context.Context, t *testing.T, version int) *peer {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	s := kannelSMSC(version)
	s.Addr = freeAddr(t)
	p := &peer{SMSCs: []*smsc{s}, port: s.Addr[len("127.0.0.1:"):]}
	p.process = start(ctx, t, "drive_smpp", "", nil, filepath.Join(cache, "harkara-interop", "drive_smpp"), "-v", "0",
		"-m", fmt.Sprint(moMessages), "-p", p.port)
	return p
}

// checkKannel reads its log: what it handled, and the TLVs, for which it has no names and says so.
func checkKannel(t *testing.T, p *peer, requests []*request) {
	t.Helper()
	log := strings.Join(p.err.get(), "\n")
	submits, templates := 0, map[string]int{}
	for _, r := range requests {
		if !r.rejected() {
			submits += r.submits()
			templates[r.template] += r.submits()
		}
	}
	expect := func(text string, n int) {
		if got := strings.Count(log, text); got != n {
			t.Errorf("drive_smpp logged %q %d times, want %d", text, got, n)
		}
	}
	expect("Handling SMPP PDU of type bind_transmitter\n", 1)
	expect("Handling SMPP PDU of type bind_receiver\n", 1)
	expect("Handling SMPP PDU of type submit_sm\n", submits)
	expect("Handling SMPP PDU of type deliver_sm_resp\n", moMessages)
	expect("Handling SMPP PDU of type unbind\n", 2)
	expect("PDU unpacking failed", 0)
	expect("Client sent garbage", 0)
	expect("Unhandled SMPP PDU", 0)
	read := func(tag int, value string) string {
		return fmt.Sprintf("TLV(0x%04x,0x%04x,%s) for PDU type (submit_sm)", tag, len(value), hex.EncodeToString([]byte(value)))
	}
	expect(read(0x1400, acmeEntity), submits)
	for template, n := range templates {
		expect(read(0x1401, template), n)
	}
	passed(t, "%s: read %d submit_sm: entity and template are right", p.name, submits)
}
