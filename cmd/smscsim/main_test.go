package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/goleak"

	"harkara/smpp/pdu"
	"harkara/smpp/smsctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWrongUsage(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, tt := range []struct {
		args   []string
		status int
		stderr string // how it begins
	}{
		{[]string{"extra"}, 2, `smscsim: no argument is taken, "extra" was given; see smscsim --help`},
		{[]string{"--nope"}, 2, "smscsim: unknown flag: --nope; see smscsim --help"},
		{[]string{"--latency", "soon"}, 2, `smscsim: invalid argument "soon" for "--latency" flag`},
		{[]string{"--latency", "-1s"}, 2, "smscsim: --latency -1s is too short, at least 0s is needed"},
		{[]string{"--late-by", "0"}, 2, "smscsim: --late-by 0s is too short"},
		{[]string{"--tps", "-1"}, 2, "smscsim: --tps -1 is below 0"},
		{[]string{"--undelivered", "2"}, 2, "smscsim: --undelivered 2 is not between 0 and 1"},
		{[]string{"--password", "x"}, 2, "smscsim: --password needs --system-id"},
		{[]string{"--refuse-status", "0"}, 2, `smscsim: --refuse-status "0" is not a number above 0`},
		{[]string{"--refuse-status", "ESME"}, 2, `smscsim: --refuse-status "ESME" is not a number above 0`},
		{[]string{"--fault", "no_answer"}, 2, `smscsim: --fault "no_answer" is not NAME=RATE`},
		{[]string{"--fault", "gremlin=1"}, 2, `smscsim: --fault gremlin=1: no fault "gremlin": use one of [no_answer `},
		{[]string{"--fault", "refuse=1.1"}, 2, `smscsim: --fault refuse=1.1: the rate "1.1" is not a number between 0 and 1`},
		{[]string{"--fault", "refuse=NaN"}, 2, `smscsim: --fault refuse=NaN: the rate "NaN" is not a number`},
		{[]string{"--scrub", "1107000000000000001"}, 2, `smscsim: --scrub "1107000000000000001" is not TEMPLATE=ERR`},
		{[]string{"--scrub", "=631"}, 2, `smscsim: --scrub "=631" is not TEMPLATE=ERR`},
		{[]string{"--scrub", "1107000000000000001="}, 2, `smscsim: --scrub "1107000000000000001=" is not TEMPLATE=ERR`},
		{[]string{"--scrub", "1107=123456"}, 2, `smscsim: --scrub "1107=123456" is not TEMPLATE=ERR`},
		{[]string{"--scrub", "1107000000000000001=6 1"}, 2, `smscsim: --scrub "1107000000000000001=6 1" is not TEMPLATE=ERR`},
		{[]string{"--template-tag", "0"}, 2, `smscsim: --template-tag "0" is not a number from 1 to 0xffff`},
		{[]string{"--template-tag", "0x10000"}, 2, `smscsim: --template-tag "0x10000" is not a number from 1 to 0xffff`},
		{[]string{"--dialect", "martian"}, 2, `smscsim: --dialect: no dialect "martian": use one of [appendix_b lower `},
		{[]string{"--bind-status", "no"}, 2, `smscsim: --bind-status "no" is not a number, such as 0x0e`},
		{[]string{"--tls-cert", "x"}, 2, "smscsim: --tls-cert and --tls-key go together"},
		{[]string{"--tls-client-ca", "x"}, 2, "smscsim: --tls-client-ca needs --tls-cert and --tls-key"},
		{[]string{"--tls-cert", "x", "--tls-key", "y"}, 1, "smscsim: read --tls-cert and --tls-key: open x: "},
		{[]string{"--listen", taken.Addr().String()}, 1, "smscsim: listen for SMPP on " + taken.Addr().String()},
		{[]string{"--listen", taken.Addr().String(), "--http", "127.0.0.1:0"}, 1, "smscsim: listen for SMPP on "},
		{[]string{"--listen", "127.0.0.1:0", "--http", taken.Addr().String()}, 1, "smscsim: listen for HTTP on "},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), tt.args, &stdout, &stderr)
			if status != tt.status || !strings.HasPrefix(stderr.String(), tt.stderr) || stdout.Len() > 0 {
				t.Errorf("exit status %d, stderr %q, stdout %q; want %d, %q", status, &stderr, &stdout, tt.status, tt.stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"--help"}, &stdout, &stderr); status != 0 || stderr.Len() > 0 {
		t.Errorf("exit status %d, stderr %q", status, &stderr)
	}
	for _, d := range smsctest.DialectList {
		if !strings.Contains(stdout.String(), "\n  "+d.String()+" ") || !strings.Contains(stdout.String(), d.Help()+"\n") {
			t.Errorf("--help has no line on %s", d)
		}
	}
	for _, f := range smsctest.AllFaults {
		if !strings.Contains(stdout.String(), "\n  "+f.String()+" ") || !strings.Contains(stdout.String(), f.Help()+"\n") {
			t.Errorf("--help has no line on %s", f)
		}
	}
	for _, want := range []string{"/messages shows numbers and texts in the clear", "--receipt-delay", "--seed",
		"--scrub 1107000000000000001=631", "--template-tag"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("--help does not say %q", want)
		}
	}
}

// TestRun takes one message through the program: binds as the account, submits, reads answer and receipt, acks, asks
// both HTTP addresses and ends it.
func TestRun(t *testing.T) {
	p := start(t, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--system-id", "esme", "--password", "secret",
		"--latency", "0s", "--receipt-delay", "1ms", "--fault", "duplicate_receipt=1", "--undelivered", "1", "--seed", "3")
	listening := p.line(t)
	addr, ok := strings.CutPrefix(listening, "listening on ")
	if !ok {
		t.Fatalf("the first line is %q", listening)
	}
	web, _, ok := strings.Cut(strings.TrimPrefix(p.line(t), "books on "), "/stats")
	if !ok {
		t.Fatal("no line says where the books are")
	}
	talk(t, addr)

	var counters smsctest.Counters
	get(t, web+"/stats", &counters)
	if counters.Submits != 1 || counters.Accepted != 1 || counters.ReceiptsAcked != 2 || counters.Faults["duplicate_receipt"] != 1 {
		t.Errorf("stats %+v", counters)
	}
	var got []message
	get(t, web+"/messages", &got)
	if len(got) != 1 || len(got[0].Segments) != 1 || len(got[0].Segments[0].IDs) != 1 {
		t.Fatalf("messages %+v", got)
	}
	got[0].Segments[0].IDs[0] = "" // it goes by the clock
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"source":"ACMEBK","to":"919800000001","data_coding":8,"text":"कोड","total":1,"segments":[` +
		`{"number":1,"times":1,"ids":[""],"stats":["UNDELIV"],"validity":"000000000500000R","esm_class":0,` +
		`"registered_delivery":1,"tlvs":[{"tag":"0x1400","hex":"31313031","value":"1101"},` +
		`{"tag":"user_message_reference","hex":"0007"}],"receipts_sent":2,"receipts_acked":2}]}]`
	if string(text) != want {
		t.Errorf("messages\n got %s\nwant %s", text, want)
	}

	p.stop()
	totals := p.line(t)
	if totals != "took 1 submit_sm: 1 accepted, 0 refused, 0 throttled, 0 duplicates; 2 receipts, 2 acked" {
		t.Errorf("the last line is %q", totals)
	}
	if status := <-p.status; status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// program is a running smscsim.
type program struct {
	stderr *bufio.Scanner
	stop   context.CancelFunc
	status chan int
}

func start(t *testing.T, args ...string) *program {
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	p := &program{bufio.NewScanner(r), stop, make(chan int, 1)}
	go func() {
		status := run(ctx, args, io.Discard, w)
		_ = w.Close()
		p.status <- status
	}()
	t.Cleanup(stop)
	return p
}

func (p *program) line(t *testing.T) string {
	t.Helper()
	if !p.stderr.Scan() {
		t.Fatal("the program has ended")
	}
	return p.stderr.Text()
}

// talk is one short session; numbers and texts are made up.
func talk(t *testing.T, addr string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	converse(t, conn)
}

// converse is talk over a connection that is there, which it closes.
func converse(t *testing.T, conn net.Conn) {
	t.Helper()
	defer func() { _ = conn.Close() }()
	octets, err := pdu.AppendBind(nil, pdu.BindTransceiver, 1, &pdu.Bind{SystemID: "esme", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	octets, err = pdu.AppendSM(octets, pdu.SubmitSM, 2, &pdu.SM{Source: "ACMEBK", Dest: "919800000001", DataCoding: 8,
		RegisteredDelivery: 1, Validity: "000000000500000R", ShortMessage: []byte("\x09\x15\x09\x4b\x09\x21"),
		TLVs: []pdu.TLV{{Tag: 0x1400, Value: []byte("1101")}, {Tag: pdu.TagUserMessageReference, Value: []byte{0, 7}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(octets); err != nil {
		t.Fatal(err)
	}
	r := pdu.NewReader(conn)
	for _, want := range []pdu.CommandID{pdu.BindTransceiverResp, pdu.SubmitSMResp, pdu.DeliverSM, pdu.DeliverSM} {
		f, err := r.Next()
		if err != nil || f.Header().ID != want || f.Header().Status != pdu.ESME_ROK {
			t.Fatalf("got %s %s (%v), want %s", f.Header().ID, f.Header().Status, err, want)
		}
		if want == pdu.DeliverSM {
			octets = pdu.AppendResp(octets[:0], pdu.DeliverSMResp, pdu.ESME_ROK, f.Header().Seq, "")
			if _, err := conn.Write(octets); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := conn.Write(pdu.AppendHeader(nil, pdu.Unbind, pdu.ESME_ROK, 3)); err != nil {
		t.Fatal(err)
	}
	if f, err := r.Next(); err != nil || f.Header().ID != pdu.UnbindResp {
		t.Fatalf("unbind is answered %v (%v)", f, err)
	}
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: status %s, type %s", url, resp.Status, resp.Header.Get("Content-Type"))
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// TestFlags reads the switches of the simulator off a command line.
func TestFlags(t *testing.T) {
	var f flags
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.define(set)
	err := set.Parse(strings.Fields("--max-binds -1 --bind-status 0x401 --no-receipts --dialect data_sm --echo-user-ref " +
		"--packed --count-only --scrub 1107000000000000001=631 --scrub 1177000000000000002=41C --template-tag 0x1400 --refuse-status 0x45 --fault no_receipt=0.5 --fault queue_full=1"))
	if err := errors.Join(err, f.check()); err != nil {
		t.Fatal(err)
	}
	want := smsctest.Config{Latency: 20 * time.Millisecond, ReceiptDelay: time.Second, LateBy: 15 * time.Second,
		StopFor: 30 * time.Second, MaxBinds: -1, BindStatus: 0x401, NoReceipts: true, Dialect: smsctest.ByDataSM,
		EchoUserRef: true, Packed: true, CountOnly: true, RefuseStatus: pdu.ESME_RSUBMITFAIL,
		Scrub:       map[string]string{"1107000000000000001": "631", "1177000000000000002": "41C"},
		TemplateTag: 0x1400,
		Faults:      map[smsctest.Fault]float64{smsctest.NoReceipt: 0.5, smsctest.QueueFull: 1}}
	if got, want := fmt.Sprintf("%+v", f.config), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("configuration\n got %s\nwant %s", got, want)
	}
}
