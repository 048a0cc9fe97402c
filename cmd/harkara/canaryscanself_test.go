package main

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Values for tests of the scanner itself; all made up.
const (
	plantedCode   = "W3K8Z5T"
	plantedNumber = "9871203465"
)

// TestScannerFindsEachForm plants every form of a canary at a random place among random octets.
func TestScannerFindsEachForm(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for _, c := range []canary{secretCanary("code", plantedCode), numberCanary(plantedNumber)} {
		if found := scan([]canary{c}, noise(random)); len(found) > 0 {
			t.Fatalf("found in noise: %q", found)
		}
		for _, f := range c.forms {
			octets := noise(random)
			at := random.IntN(len(octets) - len(f.octets))
			for i, m := range f.mask {
				octets[at+i] = octets[at+i]&^m | f.octets[i]&m
			}
			found := scan([]canary{c}, octets)
			if !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, c.name+" as "+f.name+": ") }) {
				t.Errorf("%s as %s is not found among %q", c.name, f.name, found)
			}
		}
	}
}

func noise(random *rand.Rand) []byte {
	octets := make([]byte, 1<<16)
	for i := range octets {
		octets[i] = byte(random.Uint32())
	}
	return octets
}

// TestScannerKnowsTheForms writes canaries by other means than the scanner's, as those would who leak them.
func TestScannerKnowsTheForms(t *testing.T) {
	code, number := secretCanary("code", plantedCode), numberCanary(plantedNumber)
	for name, tt := range map[string]struct {
		c      canary
		octets string
	}{
		"in a text":          {code, "Your OTP is " + plantedCode + "."},
		"JSON in base64":     {code, base64.StdEncoding.EncodeToString([]byte(`{"vars":["` + plantedCode + `"]}`))},
		"a token of a JWT":   {code, base64.RawURLEncoding.EncodeToString([]byte(`{"otp":"` + plantedCode + `"}`))},
		"a PDU as hex":       {code, hex.EncodeToString([]byte("\x00\x00\x00\x04" + plantedCode))},
		"bytea of psql":      {code, `\x` + hex.EncodeToString([]byte(plantedCode))},
		"national":           {number, "0" + plantedNumber},
		"E.164":              {number, "+91" + plantedNumber},
		"with a space":       {number, "+91 98712 03465"},
		"TP-Destination":     {number, "\x0c\x91\x19\x89\x17\x02\x43\x56"}, // 12 digits, international, 919871203465
		"TP-DA of 11 digits": {number, "\x0b\x81\x90\x78\x21\x30\x64\xf5"}, // 09871203465
		"packed decimal":     {number, "\x98\x71\x20\x34\x65"},
		"a goroutine's word": {number, "main.send(0xd62c98a889, 0x1)"}, // 919871203465
		"packed septets":     {code, "\xd7\xd9\x12\xa7\xad\x51\x01"},
	} {
		if found := scan([]canary{tt.c}, []byte(tt.octets)); len(found) == 0 {
			t.Errorf("%s: not found in %q", name, tt.octets)
		}
	}
}

// TestScannerFindsInAStore scans the files of a JetStream store that is not encrypted, in which the same request is for
// anyone to read.
func TestScannerFindsInAStore(t *testing.T) {
	dir := t.TempDir()
	s, err := server.NewServer(&server.Options{ServerName: "open", JetStream: true, StoreDir: dir, DontListen: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer func() { s.Shutdown(); s.WaitForShutdown() }()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not take connections")
	}
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "OPEN", Subjects: []string{"open"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "open", []byte(`{"to": "+91`+plantedNumber+`", "vars": ["`+plantedCode+`"]}`)); err != nil {
		t.Fatal(err)
	}
	found, _, _ := scanFiles(t, []canary{secretCanary("code", plantedCode), numberCanary(plantedNumber)}, dir)
	if len(found) < 2 {
		t.Errorf("found only %q", found)
	}
}
