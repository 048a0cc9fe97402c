//go:build interop

package interop

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tenantLine is what the tenant's script prints.
type tenantLine struct {
	Event     string `json:"event"`
	ID        string `json:"id"` // of published
	Stream    string `json:"stream"`
	Seq       uint64 `json:"seq"`
	Duplicate bool   `json:"duplicate"`
	Subject   string `json:"subject"` // of status and overheard
	Status    status `json:"status"`
	Why       string `json:"why"` // of refused and fault
}

// status is the contract's, as far as it is looked at.
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
	Duplicate  bool     `json:"possible_duplicate"`
	Error      *struct {
		Stage  string `json:"stage"`
		Code   string `json:"code"`
		Reason string `json:"reason"`
	} `json:"error"`
}

// forbidden is what acme tries and must not be able to do.
var forbidden = struct {
	Publish   []publication `json:"publish"`
	Subscribe []string      `json:"subscribe"`
}{
	Publish: []publication{
		{"sms.zipkart.send.otp", stolen},
		{"sms.zipkart.otp.verify", "{}"},
		{"sms.acme.status.delivered", "{}"},
		{"$JS.API.STREAM.INFO.SMS_SEND", ""},
		{"$JS.API.STREAM.PURGE.SMS_SEND", ""},
	},
	Subscribe: []string{"sms.zipkart.status.>", "sms.*.send.>", "sms.>", ">", "$JS.>"},
}

type publication struct {
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// startTenant has acme publish the requests, the first one twice.
func startTenant(ctx context.Context, t *testing.T, g *gateway, requests []*request) *process {
	t.Helper()
	type entry struct {
		ID    string `json:"id"`
		Class string `json:"class"`
		Body  string `json:"body"`
	}
	var list []entry
	for _, r := range append(slices.Clone(requests), requests[0]) {
		list = append(list, entry{r.id, r.class, r.body()})
	}
	job, err := json.Marshal(map[string]any{"server": "nats://" + g.nats, "user": "acme", "password": tenantPassword,
		"requests": list, "forbidden": forbidden})
	if err != nil {
		t.Fatal(err)
	}
	return start(ctx, t, "tenant.js", string(job), nodePath(t), "node", "peers/tenant.js")
}

// awaitStatuses waits until the tenant has been told all states, and has been refused what it must be.
func awaitStatuses(ctx context.Context, t *testing.T, p *process, requests []*request) {
	t.Helper()
	n := 0
	for _, r := range requests {
		n += len(r.states)
	}
	p.await(ctx, t, p.out, "all statuses", func() bool {
		var statuses, refused, done int
		for _, line := range decode[tenantLine](t, p.out) {
			switch line.Event {
			case "status":
				statuses++
			case "refused":
				refused++
			case "done":
				done++
			}
		}
		return statuses >= n && refused >= len(forbidden.Publish)+len(forbidden.Subscribe) && done == 1
	})
}

// endTenant waits for the script to end, as it does when the gateway's NATS is gone, and returns all that it said.
func endTenant(ctx context.Context, t *testing.T, p *process) []tenantLine {
	t.Helper()
	if _, err := p.output(ctx); err != nil {
		t.Errorf("%s: %v\n%s", p.name, err, p.tail())
	}
	return decode[tenantLine](t, p.out)
}

// checkTenant compares what the tenant was told with what it asked. ids are those that the SMSC gave, by number.
func checkTenant(t *testing.T, said []tenantLine, requests []*request, ids map[string][]string) {
	t.Helper()
	told := map[string][]status{}
	var order []string
	for _, line := range said {
		switch line.Event {
		case "published":
			if again := slices.Contains(order, line.ID); line.Stream != "SMS_SEND" || line.Duplicate != again {
				t.Errorf("published %s: stream %s, duplicate %t; want SMS_SEND, %t", line.ID, line.Stream, line.Duplicate, again)
			}
			order = append(order, line.ID)
		case "status":
			told[line.Status.ID] = append(told[line.Status.ID], line.Status)
			if line.Subject != "sms.acme.status."+line.Status.State {
				t.Errorf("status %s of %s came on %s", line.Status.State, line.Status.ID, line.Subject)
			}
		case "overheard", "fault":
			t.Errorf("tenant.js: %s %s %s", line.Event, line.Subject, line.Why)
		}
	}
	for _, r := range requests {
		id := r.id
		if r.raw != "" { // no id can be read from it
			id = sequenceOf(said, r.id)
		}
		checkStatuses(t, r, told[id], ids[r.dest])
	}
	checkRefused(t, said)
	passed(t, "tenant.js: %d requests, the states of each as they must be, message ids those of the SMSC", len(requests))
}

// sequenceOf is the stream sequence of what was published under id, which stands for the id of an unreadable request.
func sequenceOf(said []tenantLine, id string) string {
	i := slices.IndexFunc(said, func(line tenantLine) bool { return line.Event == "published" && line.ID == id })
	if i < 0 {
		return ""
	}
	return strconv.FormatUint(said[i].Seq, 10)
}

func checkStatuses(t *testing.T, r *request, told []status, ids []string) {
	t.Helper()
	slices.Sort(ids)
	var states []string
	for _, s := range told {
		states = append(states, s.State)
		if s.Duplicate || r.raw == "" && (s.Ref != "ref "+r.id || s.Template != r.template || s.Class != r.class) {
			t.Errorf("%s: status %+v", r.id, s)
		}
		if r.rejected() {
			continue
		}
		ids := ids
		if s.State == "in_doubt" { // before the SMSC gave one
			ids = nil
		}
		slices.Sort(s.MessageIDs)
		if s.ToLast4 != r.dest[8:] || s.Header != r.header || s.Segments != r.parts || s.SMSC != r.smsc.ID ||
			!slices.Equal(s.MessageIDs, ids) {
			t.Errorf("%s: status %+v, want SMSC %s, %d segments, the ids %v", r.id, s, r.smsc.ID, r.parts, ids)
		}
	}
	slices.Sort(states)
	if !slices.Equal(states, r.states) {
		t.Errorf("%s: states %v, want %v", r.id, states, r.states)
		return
	}
	i := slices.IndexFunc(told, func(s status) bool { return s.State != "submitted" && s.State != "in_doubt" })
	if i < 0 {
		return
	}
	reason := ""
	if e := told[i].Error; e != nil {
		reason = e.Reason
	}
	if reason != r.reason {
		t.Errorf("%s: %s for the reason %q (%+v), want %q", r.id, told[i].State, reason, told[i].Error, r.reason)
	}
}

// checkRefused asks for one violation of permissions for each thing that was tried.
func checkRefused(t *testing.T, said []tenantLine) {
	t.Helper()
	var why []string
	for _, line := range said {
		if line.Event == "refused" {
			why = append(why, line.Why)
		}
	}
	refused := func(kind, subject string) {
		want := "Permissions Violation for " + kind + " to \"" + subject + "\""
		if !slices.ContainsFunc(why, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("tenant acme was not refused the %s of %s; it was refused %q", kind, subject, why)
		}
	}
	for _, p := range forbidden.Publish {
		refused("Publish", p.Subject)
	}
	for _, subject := range forbidden.Subscribe {
		refused("Subscription", subject)
	}
	passed(t, "tenant.js: refused %d things that are not its own", len(why))
}
