package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// status is one of the contract.
type status struct {
	ID         string   `json:"id"`
	Ref        string   `json:"ref"`
	State      string   `json:"state"`
	ToLast4    string   `json:"to_last4"`
	Template   string   `json:"template"`
	Header     string   `json:"header"`
	Class      string   `json:"class"`
	Segments   int      `json:"segments"`
	SMSC       string   `json:"smsc"`
	MessageIDs []string `json:"message_ids"`
	Error      *struct {
		Stage, Code, Reason, Detail string
		Retryable                   bool
	} `json:"error"`
}

const loginOTP = "1107161234567890123"

// sendArgs is a send by acme that works, with what differs behind it.
func sendArgs(t *testing.T, more ...string) []string {
	return append([]string{"send", "--config", gateway(t), "--tenant", "acme", "--wait", patience.String()}, more...)
}

func TestSendIsDelivered(t *testing.T) {
	code, stdout, stderr := harkara(t, sendArgs(t, "--template", loginOTP, "--to", "+919812300001", "--var", "483921",
		"--var", "10", "--id", "send-1", "--ref", "order 7", "--json")...)
	if code != 0 || stderr != "" {
		t.Errorf("exit status %d, stderr %q", code, stderr)
	}
	got := lines[status](t, stdout)
	if len(got) != 2 || got[0].State != "submitted" || got[1].State != "delivered" {
		t.Fatalf("statuses %s", stdout)
	}
	last := got[1]
	if len(last.MessageIDs) != 1 || last.SMSC != "sim-a" {
		t.Errorf("message ids %v of %s", last.MessageIDs, last.SMSC)
	}
	last.MessageIDs = nil
	if want := (status{ID: "send-1", Ref: "order 7", State: "delivered", ToLast4: "0001", Template: loginOTP, Header: "ACMEBK",
		Class: "otp", Segments: 1, SMSC: "sim-a"}); fmt.Sprintf("%+v", last) != fmt.Sprintf("%+v", want) {
		t.Errorf("status\n got %+v\nwant %+v", last, want)
	}
}

func TestSendForPeople(t *testing.T) {
	stdout := must(t, sendArgs(t, "--template", loginOTP, "--to", "09812300002", "--var", "483921", "--var", "10")...)
	want := regexp.MustCompile(`^\S+Z  submitted    to …0002  by sim-a  1 segment\(s\) \[\d+\]\n\S+Z  delivered    to …0002  by sim-a  1 segment\(s\) \[\d+\]\n$`)
	if !want.MatchString(stdout) {
		t.Errorf("stdout %q", stdout)
	}
}

// TestSendIsRejected: one line with stage, reason and detail, exit status 1.
func TestSendIsRejected(t *testing.T) {
	for _, tt := range []struct {
		name, args, reason string
	}{
		{"unknown template", "--template 1107169999999999999 --to 9812300003 --var 1 --var 2", "dlt unknown_template: "},
		{"nine digits", "--template " + loginOTP + " --to 981230000 --var 1 --var 2", "dlt bad_number: not an Indian mobile number: "},
		{"too few variables", "--template " + loginOTP + " --to 9812300003 --var 1", "dlt wrong_variable_count: "},
		{"not one's header", "--template " + loginOTP + " --to 9812300003 --header ZIPKRT --var 1 --var 2", "dlt header_not_"},
		{"another's template", "--template 1207161345678901234 --to 9812300003 --var 1 --var 2", "dlt header_not_allowed: "},
		{"bad id", "--template " + loginOTP + " --to 9812300003 --id a/b --var 1 --var 2", "dlt bad_request: id: want 1-64 of [A-Za-z0-9_.:-]"},
		{"long ref", "--template " + loginOTP + " --to 9812300003 --var 1 --var 2 --ref " + strings.Repeat("r", 129), "dlt bad_request: ref: at most 128 characters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := harkara(t, sendArgs(t, strings.Fields(tt.args)...)...)
			if code != 1 || stderr != "" || strings.Count(stdout, "\n") != 1 ||
				!strings.Contains(stdout, "  rejected ") || !strings.Contains(stdout, tt.reason) {
				t.Errorf("exit status %d, stderr %q, stdout %q; want %q", code, stderr, stdout, tt.reason)
			}
		})
	}
}

// TestSendTwice: an id is an idempotency key; the second send says so and waits for nothing.
func TestSendTwice(t *testing.T) {
	args := sendArgs(t, "--template", loginOTP, "--to", "9812300004", "--var", "483921", "--var", "10", "--id", "twice-1")
	must(t, args...)
	code, stdout, stderr := harkara(t, args...)
	if want := "harkara: id twice-1 was sent in the last minutes, so nothing was sent now; take another id, or see " +
		"'harkara report messages --id twice-1'\n"; code != 1 || stdout != "" || stderr != want {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if n := submitsTo("919812300004"); n != 1 {
		t.Errorf("the SMSCs took %d submit_sm, want 1", n)
	}
}

func TestSendAsNobody(t *testing.T) {
	code, _, stderr := harkara(t, "send", "--config", gateway(t), "--tenant", "nobody", "--template", loginOTP, "--to", "9812300005")
	if want := "harkara: no tenant \"nobody\" in the configuration\n"; code != 1 || stderr != want {
		t.Errorf("exit status %d, stderr %q, want %q", code, stderr, want)
	}
}

// submitsTo counts what the simulators took for a number.
func submitsTo(digits string) (n int) {
	for _, s := range world.smscs {
		for _, m := range s.Books().Messages {
			if m.To.Digits() == digits {
				for i := range m.Segments {
					n += m.Segments[i].Times()
				}
			}
		}
	}
	return n
}

// TestMalformedRequests publishes as a tenant what no request is. Each gets one rejected status, under the id where that
// could be read, else under its sequence in the stream; and is not brought again.
func TestMalformedRequests(t *testing.T) {
	gateway(t)
	conn, err := nats.Connect(world.nats, nats.UserInfo("acme", acmePassword))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	statuses, err := conn.SubscribeSync("sms.acme.status.>")
	if err != nil || conn.Flush() != nil {
		t.Fatal(err)
	}
	next := func() status {
		t.Helper()
		m, err := statuses.NextMsg(patience)
		if err != nil {
			t.Fatal(err)
		}
		var st status
		if err := json.Unmarshal(m.Data, &st); err != nil || m.Subject != "sms.acme.status."+st.State {
			t.Fatalf("%s: %s: %v", m.Subject, m.Data, err)
		}
		return st
	}
	for _, tt := range []struct{ body, id, detail string }{
		{`{"id": "m-1", "to": `, "", "not the JSON object of the contract: syntax error at byte 20"},
		{``, "", "not the JSON object of the contract: syntax error at byte 0"},
		{`[]`, "", "not the JSON object of the contract: "},
		{`{"to": "9812300006", "template": "1107161234567890123"}`, "", "id: want 1-64 of [A-Za-z0-9_.:-]"},
		{`{"id": "m 2", "to": "9812300006", "template": "1107161234567890123"}`, "", "id: want 1-64 of [A-Za-z0-9_.:-]"},
		{`{"id": "m-3", "to": 9812300006, "template": "1107161234567890123"}`, "m-3", "not the JSON object of the contract: to: want string, have number"},
		{`{"id": "m-4", "template": "1107161234567890123"}`, "m-4", "to: required"},
		{`{"id": "m-5", "to": "9812300006"}`, "m-5", "template: required"},
		{`{"id": "m-6", "to": "9812300006", "template": "1107161234567890123", "ttl_s": 0}`, "m-6", "ttl_s: want 1 to 604800"},
	} {
		ack, err := js.Publish(t.Context(), "sms.acme.send.otp", []byte(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		id := tt.id
		if id == "" {
			id = fmt.Sprint(ack.Sequence)
		}
		st := next()
		if st.ID != id || st.State != "rejected" || st.Error == nil || st.Error.Code != "bad_request" ||
			st.Error.Detail != tt.detail && !(strings.HasSuffix(tt.detail, ": ") && strings.HasPrefix(st.Error.Detail, tt.detail)) {
			t.Errorf("%s: %+v %+v; want id %s, %s", tt.body, st, st.Error, id, tt.detail)
		}
	}
	// A request that is good comes after all of them: whatever they had left behind would have come before it.
	if _, err := js.Publish(t.Context(), "sms.acme.send.otp", []byte(
		`{"id": "m-good", "to": "9812300006", "template": "1107161234567890123", "vars": ["483921", "10"]}`)); err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"submitted", "delivered"} {
		if st := next(); st.ID != "m-good" || st.State != state {
			t.Errorf("%+v, want m-good %s", st, state)
		}
	}
	if _, metrics := get(t, world.http, "/metrics"); strings.Contains(metrics, "harkara_requests_redelivered_total{") {
		t.Errorf("JetStream brought requests again:\n%s", metrics)
	}
}
