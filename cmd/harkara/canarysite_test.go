package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"harkara/cmd/internal/app"
	"harkara/smpp/pdu"
	"harkara/smpp/smsctest"
	"harkara/storage/postgres/pgtest"
)

// What must not be found: all made up, of letters, digits and hyphens, and unlike any other text.
const (
	canaryCode   = "Q7X4K9Z" // as long as the text that simulated receipts quote
	canaryNumber = "9876501234"
	canaryPayee  = "Canarypayee"
	canaryToken  = "sk-canary-5f1e9a"
	canaryAcme   = "canary-tenant-acme-pw"
	canaryZip    = "canary-tenant-zip-pw"
	canaryBind   = "Cn4ry-Pw" // SMPP allows eight octets
)

// Environment that makes a process of the tests a gateway.
const (
	childConfig = "HARKARA_TEST_CANARY_CONFIG"
	childPanics = "HARKARA_TEST_CANARY_PANIC" // when it panics, from its start; empty: never
)

// TestCanaryChild is not a test but the gateway that TestCanaryEverywhere starts, with a log of all levels. A panic takes it
// down in the middle of its work, as a fault of the program would.
func TestCanaryChild(t *testing.T) {
	file := os.Getenv(childConfig)
	if file == "" {
		t.Skip("it is a gateway for TestCanaryEverywhere")
	}
	debug.SetTraceback("all")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if after, err := time.ParseDuration(os.Getenv(childPanics)); err == nil {
		time.AfterFunc(after, func() { panic("as planned") })
	}
	cfg, err := app.Load(file)
	if err == nil {
		var gateway *app.App
		if gateway, err = app.Open(ctx, cfg, newLog(os.Stderr, slog.LevelDebug)); err == nil {
			err = gateway.Run(ctx, func() { fmt.Fprintln(os.Stderr, "ready") })
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// canarySite is a gateway in a process of its own, with SMSCs that quote what they should not and fail in many ways.
type canarySite struct {
	dir, data, file, nats, http string
	good, bad                   *smsctest.SMSC
	output                      strings.Builder // of gateways that have ended
	process                     *exec.Cmd
	stderr                      *watched
	hooks                       *canaryHooks
}

// quote is what a careless SMSC does: receipts repeat the beginning of the text, answers say in words which number and
// text they are about (additional_status_info_text, SMPP 3.4 §5.3.2.11), and a handset answers with the code.
func quote(l *smsctest.Link, way smsctest.Way, f pdu.Frame) {
	if way == smsctest.FromSMSC {
		switch f.Header().ID {
		case pdu.DeliverSM:
			f = bytes.Replace(f, []byte("text:*******"), []byte("text:"+canaryCode), 1)
		case pdu.SubmitSMResp:
			text := "to +91" + canaryNumber + ": " + canaryCode + "\x00"
			f = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(f, 0x001D), uint16(len(text)))
			f = append(f, text...)
			binary.BigEndian.PutUint32(f, uint32(len(f)))
		case pdu.BindTransceiverResp:
			l.Send(way, f)
			mo, err := pdu.AppendSM(nil, pdu.DeliverSM, 0x70000001, &pdu.SM{SourceTON: 1, SourceNPI: 1, Source: "91" + canaryNumber, Dest: "ACMEBK",
				ShortMessage: []byte("my code is " + canaryCode)})
			if err != nil {
				panic(err)
			}
			f = mo
		}
	}
	l.Send(way, f)
}

func newCanarySite(t *testing.T) *canarySite {
	t.Helper()
	dir, err := pgtest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &canarySite{dir: dir, data: filepath.Join(dir, "data"), file: filepath.Join(dir, "harkara.yaml"), nats: freeAddr(), http: freeAddr()}
	simulator := smsctest.Config{SystemID: "harkara", Password: canaryBind, Latency: time.Millisecond, ReceiptDelay: 20 * time.Millisecond}
	s.good = listen(t, simulator)
	simulator.Undelivered, simulator.Seed = 0.3, 1
	simulator.Faults = map[smsctest.Fault]float64{smsctest.Refuse: 0.2, smsctest.NoAnswer: 0.1, smsctest.DropBeforeAnswer: 0.05, smsctest.DuplicateReceipt: 0.1}
	s.bad = listen(t, simulator)
	careless, err := smsctest.ListenProxy("127.0.0.1:0", s.good.Addr().String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { careless.Close() })
	careless.Follow(quote)
	away, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { away.Close() })
	s.hooks = newCanaryHooks(t)
	zip := filepath.Join(dir, "zipkart.password")
	config := fmt.Sprintf(`node: canary
data: %s
nats: {listen: "%s", sync: 100ms}
http: %s
tenants:
  - {id: acme, password: %s, headers: [ACMEBK, ACMEIN]%s}
  - {id: zipkart, password_file: %s, headers: [ZIPKRT]}
smscs:
  - {id: good, addr: "%s", system_id: harkara, password: %s, binds: 2}
  - {id: bad, addr: "%[9]s", system_id: harkara, password: %[8]s, binds: 2, timeouts: {response: 500ms, bind: 2s}}
  - {id: away, addr: "%[10]s", system_id: harkara, password: %[8]s}
routes:
  - {match: {classes: [bulk]}, targets: [{smsc: away}]}
  - {match: {tenants: [acme]}, targets: [{smsc: good}]}
  - {targets: [{smsc: bad}]}
%[11]s`, s.data, s.nats, s.http, canaryAcme, s.hooks.tenant(), zip, careless.Addr(), canaryBind, s.bad.Addr(), away.Addr(), s.hooks.service())
	for name, text := range map[string]string{zip: canaryZip + "\n", s.file: config} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func listen(t *testing.T, cfg smsctest.Config) *smsctest.SMSC {
	t.Helper()
	smsc, err := smsctest.Listen("127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { smsc.Close() })
	return smsc
}

// start runs the gateway until end; with panics it takes itself down after that time.
func (s *canarySite) start(t *testing.T, panics string) {
	t.Helper()
	s.process, s.stderr = exec.Command(os.Args[0], "-test.run=^TestCanaryChild$"), newWatched()
	s.process.Env = append(os.Environ(), childConfig+"="+s.file, childPanics+"="+panics)
	s.process.Stdout, s.process.Stderr = s.stderr, s.stderr
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	process := s.process
	t.Cleanup(func() {
		if process.ProcessState == nil { // the test has failed
			_ = process.Process.Kill()
			_ = process.Wait()
		}
	})
	if err := s.stderr.await("ready\n"); err != nil {
		t.Fatal(err)
	}
}

// end waits for the gateway after a signal, or for its panic, and keeps what it said.
func (s *canarySite) end(t *testing.T, told os.Signal) string {
	t.Helper()
	if told != nil {
		if err := s.process.Process.Signal(told); err != nil {
			t.Fatal(err)
		}
	}
	_ = s.process.Wait() // how it ended is in its output
	said := s.stderr.String()
	s.output.WriteString(said)
	return said
}
