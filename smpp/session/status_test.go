package session

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"harkara/smpp/pdu"
)

func TestVerdictsOfTheStandard(t *testing.T) {
	want := map[Verdict][]pdu.Status{
		Accepted:  {0x00},
		Throttled: {0x58},
		QueueFull: {0x14},
		Elsewhere: {
			0x04, 0x05, 0x06, 0x07, 0x08, 0x0A, 0x0D, 0x0E, 0x0F, 0x15, 0x43, 0x45, 0x48, 0x49, 0x50, 0x51, 0x53, 0x54,
			0x61, 0x62, 0x63, 0x64, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xFF,
		},
		BadPDU:  {0x01, 0x02, 0x03, 0x0C, 0x11, 0x13, 0x33, 0x34, 0x40, 0x42, 0x44, 0x55, 0x67},
		Refused: {0x0B, 0x65, 0x66, 0xFE, 0x09, 0x10, 0x100, 0x400, 0x401, 0x4FF, 0x500, 0xFFFFFFFF},
	}
	var s *Statuses
	for verdict, statuses := range want {
		for _, status := range statuses {
			if got := s.Submit(status); got != verdict {
				t.Errorf("a submit answered with %v is %v, want %v", status, got, verdict)
			}
		}
	}
}

// TestRulesAreTheStandards holds the table against the statuses that have a name.
func TestRulesAreTheStandards(t *testing.T) {
	var want, got []pdu.Status
	for status := range pdu.Status(0x1000) {
		if strings.HasPrefix(status.String(), "ESME_") {
			want = append(want, status)
		}
	}
	for _, r := range Rules() {
		got = append(got, r.Status)
		if r.Why == "" || strings.ContainsAny(r.Why, "\n\t") {
			t.Errorf("%v says why by %q", r.Status, r.Why)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("rules for\n%v\nwant\n%v", got, want)
	}
	Rules()[0].Submit = Refused
	if Rules()[0].Submit != Accepted {
		t.Error("a caller can change the table")
	}
}

func TestOwnRulesGoOverTheStandards(t *testing.T) {
	own := []Rule{
		{0x410, Throttled, Occupied, "too fast, made up"},
		{pdu.ESME_RSUBMITFAIL, InDoubt, Network, "it may have gone, made up"},
		{0x401, Elsewhere, Credentials, "no credit, made up"},
	}
	s, err := NewStatuses(own)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(s.Submit(0x410), s.Bind(0x410), s.Submit(0x45), s.Submit(0x401), s.Bind(0x401),
		s.Submit(0x411), s.Bind(0x411), s.Submit(0x58), s.Bind(0x0E), s.Submit(0))
	if want := "throttled occupied in_doubt elsewhere credentials refused network throttled credentials accepted"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	rules := s.Rules()
	if !slices.IsSortedFunc(rules, func(a, b Rule) int { return int(a.Status) - int(b.Status) }) || len(rules) != len(Rules())+2 {
		t.Errorf("%d rules, or not in order: %v", len(rules), rules)
	}
	for _, r := range own {
		if !slices.Contains(rules, r) {
			t.Errorf("%v is not among the rules", r)
		}
	}
	if none, err := NewStatuses(nil); err != nil || !slices.Equal(none.Rules(), Rules()) || !slices.Equal((*Statuses)(nil).Rules(), Rules()) {
		t.Error("a table without rules of its own is not the standard's")
	}
}

func TestNewStatusesRefuses(t *testing.T) {
	for want, own := range map[string][]Rule{
		"ESME_ROK always means accepted: take its rule out":    {{Status: 0x401}, {Status: pdu.ESME_ROK, Submit: Refused}},
		"status 0x00000401 has two rules: keep one":            {{Status: 0x401}, {Status: 0x401, Submit: Refused}},
		"status ESME_RSYSERR can't mean lapsed, network":       {{Status: pdu.ESME_RSYSERR, Submit: Lapsed}},
		"status ESME_RSYSERR can't mean accepted, unknown":     {{Status: pdu.ESME_RSYSERR, Bind: Occupied + 1}},
		"status ESME_RINVPASWD can't mean unknown, occupied":   {{Status: pdu.ESME_RINVPASWD, Submit: 99, Bind: Occupied}},
		"status ESME_RMSGQFUL can't mean unsent, credentials":  {{Status: pdu.ESME_RMSGQFUL, Submit: Unsent, Bind: Credentials}},
		"status 0x000004ff can't mean lapsed, occupied":        {{Status: 0x4FF, Submit: Lapsed, Bind: Occupied}},
		"status ESME_RTHROTTLED has two rules: keep one":       {{Status: pdu.ESME_RTHROTTLED}, {Status: 0x58}},
		"status ESME_RUNKNOWNERR can't mean accepted, unknown": {{Status: pdu.ESME_RUNKNOWNERR, Bind: 200}},
	} {
		if _, err := NewStatuses(own); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestWords(t *testing.T) {
	var words []string
	for v := Accepted; v <= Unsent+1; v++ {
		words = append(words, fmt.Sprintf("%s %v", v, v.Retryable()))
		back, err := ParseVerdict(v.String())
		if own := v <= InDoubt; (err == nil) != own || own && back != v {
			t.Errorf("%s is read as %s, %v", v, back, err)
		}
	}
	want := "[accepted false throttled true queue_full true elsewhere true refused false bad_pdu false in_doubt false " +
		"lapsed false unsent true unknown false]"
	if got := fmt.Sprint(words); got != want {
		t.Errorf("verdicts and whether retryable:\n%s\nwant\n%s", got, want)
	}
	for f := Network; f <= Occupied; f++ {
		if back, err := ParseBindFault(f.String()); err != nil || back != f {
			t.Errorf("%s is read as %s, %v", f, back, err)
		}
	}
	_, verdict := ParseVerdict("maybe")
	_, fault := ParseBindFault("maybe")
	if got, want := fmt.Sprint(verdict, "; ", fault), `no verdict "maybe": give one of accepted, throttled, queue_full, `+
		`elsewhere, refused, bad_pdu, in_doubt; no bind fault "maybe": give one of network, credentials, occupied`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if Network.String()+Credentials.String()+Occupied.String()+(Occupied+1).String() != "networkcredentialsoccupiedunknown" {
		t.Error("the bind faults are called otherwise")
	}
}

func TestBindFaults(t *testing.T) {
	for status, want := range map[pdu.Status]BindFault{
		pdu.ESME_RINVPASWD: Credentials, pdu.ESME_RINVSYSID: Credentials, pdu.ESME_RBINDFAIL: Credentials,
		pdu.ESME_RINVSYSTYP: Credentials, pdu.ESME_RALYBND: Occupied, pdu.ESME_RTHROTTLED: Occupied,
		pdu.ESME_RMSGQFUL: Occupied, pdu.ESME_RSYSERR: Network, 0x401: Network,
	} {
		if got := (&BindError{Status: status}).Fault(); got != want {
			t.Errorf("a bind refused with %v is fault %d, want %d", status, got, want)
		}
	}
}

// TestBindFaultsOfTheSMSC binds to an SMSC whose own statuses say more than the standard's.
func TestBindFaultsOfTheSMSC(t *testing.T) {
	statuses, err := NewStatuses([]Rule{{0x402, Refused, Occupied, "too many sessions, made up"}})
	if err != nil {
		t.Fatal(err)
	}
	s := New[int](Config{As: pdu.BindTransmitter, Window: 1, Statuses: statuses})
	if err := s.Open(epoch); err != nil {
		t.Fatal(err)
	}
	s.Receive(frame("bind_transmitter_resp", map[string]string{"seq": "1", "status": "0x402"}), epoch)
	var refused *BindError
	if !errors.As(s.Fault(), &refused) || refused.Fault() != Occupied {
		t.Errorf("the session ended with %v", s.Fault())
	}
}
