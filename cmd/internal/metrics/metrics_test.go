package metrics

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"harkara/smpp/bind"
	"harkara/smpp/sms"
	"harkara/storage"
)

// sample is one value of one metric: name{label=value,...}.
type sample struct {
	id    string
	value float64
}

// samples gathers what a scraper would see of our own metrics; of a histogram how much it counted.
func samples(t *testing.T, m *Metrics) []sample {
	t.Helper()
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var list []sample
	for _, f := range families {
		for _, s := range f.GetMetric() {
			var labels []string
			for _, l := range s.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			v := s.GetCounter().GetValue() + s.GetGauge().GetValue() + float64(s.GetHistogram().GetSampleCount())
			if strings.HasPrefix(f.GetName(), "harkara_") {
				list = append(list, sample{f.GetName() + "{" + strings.Join(labels, ",") + "}", v})
			}
		}
	}
	return list
}

// used has every hook called once, and two SMSCs with binds.
func used() *Metrics {
	m := New()
	in, out := m.Intake(), m.Dispatch()
	in.Taken("acme", sms.OTP, 3)
	in.Copied("acme")
	in.Again("acme")
	in.LetGo("acme")
	out.Ended(sms.Txn, sms.Submitted, 30*time.Millisecond)
	out.Receipt("sim-a", sms.Delivered)
	out.Busy("sim-a")
	out.MO("sim-a")
	out.Cancelled("sim-a", true)
	m.Asked("sim-a", true)
	m.Appended(5, 4096, time.Millisecond)
	m.Retried(errors.New("made up"))
	p := m.Projector()
	p.Projected(9, storage.Stats{Events: 1, Messages: 2, Receipts: 3, Early: 4, Matched: 5, Statuses: 6, Parked: 7, Recalled: 8},
		2*time.Millisecond, 250*time.Millisecond)
	p.Failed(errors.New("made up"))
	calls, api := m.OTP()
	calls.Called("acme", "verify", "unavailable", time.Millisecond)
	calls.Due(time.Millisecond)
	api("acme", "/v1/otp", 200, time.Millisecond)
	hooks := m.Webhooks()
	hooks.Delivered("acme")
	hooks.Failed("acme")
	hooks.GivenUp("acme")
	m.Gauge("requests_in_flight", "Requests under way.", prometheus.Labels{"class": "otp"}, func() float64 { return 11 })
	m.Binds(func() map[sms.SMSCID][]bind.Status {
		lanes := [len(sms.Classes)]bind.Lane{{Used: 1, Size: 256}, {Used: 2, Size: 256}, {Used: 3, Size: 256}}
		return map[sms.SMSCID][]bind.Status{"sim-a": {
			{State: "bound", WindowUsed: 4, WindowSize: 64, Lanes: lanes, TPS: 100, Rate: 87.5, Paused: true,
				Counters: bind.Counters{Accepted: 10, Refused: 20, Throttled: 8, QueueFull: 7, Timeouts: 30, Late: 40, Connects: 50, Unknown: 60}},
			{State: "refused", Alarm: "mend it", WindowUsed: 1, WindowSize: 64, Lanes: lanes, Counters: bind.Counters{Accepted: 1, Refused: 2, Timeouts: 3, Late: 4, Connects: 5, Unknown: 6}},
		}, "idle": nil}
	})
	return m
}

func TestEveryHookCounts(t *testing.T) {
	got := samples(t, used())
	want := []sample{
		{"harkara_api_request_duration_seconds{route=/v1/otp,status=2xx,tenant=acme}", 1},
		{"harkara_bind_connects_total{smsc=idle}", 0}, {"harkara_bind_connects_total{smsc=sim-a}", 55},
		{"harkara_binds_alarms{smsc=idle}", 0}, {"harkara_binds_alarms{smsc=sim-a}", 1},
		{"harkara_binds_bound{smsc=idle}", 0}, {"harkara_binds_bound{smsc=sim-a}", 1},
		{"harkara_cancel_sm_total{result=done,smsc=sim-a}", 1},
		{"harkara_lane_size{class=bulk,smsc=sim-a}", 256}, {"harkara_lane_size{class=otp,smsc=sim-a}", 256}, {"harkara_lane_size{class=txn,smsc=sim-a}", 256},
		{"harkara_lane_used{class=bulk,smsc=sim-a}", 3}, {"harkara_lane_used{class=otp,smsc=sim-a}", 1}, {"harkara_lane_used{class=txn,smsc=sim-a}", 2},
		{"harkara_ledger_append_duration_seconds{}", 1}, {"harkara_ledger_events_total{}", 5}, {"harkara_ledger_retries_total{}", 1},
		{"harkara_mo_rejected_total{smsc=sim-a}", 1},
		{"harkara_otp_call_duration_seconds{call=verify,result=unavailable,tenant=acme}", 1},
		{"harkara_otp_timer_duration_seconds{}", 1}, {"harkara_otp_unavailable_total{}", 1},
		{"harkara_pdus_unknown_total{smsc=idle}", 0}, {"harkara_pdus_unknown_total{smsc=sim-a}", 66},
		{"harkara_projected_total{kind=early_receipts}", 4}, {"harkara_projected_total{kind=events}", 1},
		{"harkara_projected_total{kind=looked_up}", 8}, {"harkara_projected_total{kind=matched_receipts}", 5},
		{"harkara_projected_total{kind=messages}", 2}, {"harkara_projected_total{kind=parked}", 7},
		{"harkara_projected_total{kind=receipts}", 3}, {"harkara_projected_total{kind=statuses}", 6},
		{"harkara_projection_batch_duration_seconds{}", 1}, {"harkara_projection_failures_total{}", 1},
		{"harkara_query_sm_total{result=settled,smsc=sim-a}", 1},
		{"harkara_receipts_busy_total{smsc=sim-a}", 1}, {"harkara_receipts_total{smsc=sim-a,state=delivered}", 1},
		{"harkara_request_duration_seconds{class=txn,state=submitted}", 1},
		{"harkara_requests_copied_total{tenant=acme}", 1}, {"harkara_requests_in_flight{class=otp}", 11},
		{"harkara_requests_let_go_total{tenant=acme}", 1}, {"harkara_requests_redelivered_total{tenant=acme}", 1}, {"harkara_requests_taken_total{class=otp,tenant=acme}", 3},
		{"harkara_smsc_paused{smsc=sim-a}", 1}, {"harkara_smsc_rate{smsc=sim-a}", 87.5}, {"harkara_smsc_rate_limit{smsc=sim-a}", 100},
		{"harkara_submit_sm_total{result=accepted,smsc=idle}", 0}, {"harkara_submit_sm_total{result=accepted,smsc=sim-a}", 11},
		{"harkara_submit_sm_total{result=late,smsc=idle}", 0}, {"harkara_submit_sm_total{result=late,smsc=sim-a}", 44},
		{"harkara_submit_sm_total{result=queue_full,smsc=idle}", 0}, {"harkara_submit_sm_total{result=queue_full,smsc=sim-a}", 7},
		{"harkara_submit_sm_total{result=refused,smsc=idle}", 0}, {"harkara_submit_sm_total{result=refused,smsc=sim-a}", 22},
		{"harkara_submit_sm_total{result=throttled,smsc=idle}", 0}, {"harkara_submit_sm_total{result=throttled,smsc=sim-a}", 8},
		{"harkara_submit_sm_total{result=unanswered,smsc=idle}", 0}, {"harkara_submit_sm_total{result=unanswered,smsc=sim-a}", 33},
		{"harkara_webhook_posts_total{result=delivered,tenant=acme}", 1}, {"harkara_webhook_posts_total{result=failed,tenant=acme}", 1},
		{"harkara_webhook_posts_total{result=given_up,tenant=}", 0}, {"harkara_webhook_posts_total{result=given_up,tenant=acme}", 1},
		{"harkara_window_size{smsc=idle}", 0}, {"harkara_window_size{smsc=sim-a}", 128},
		{"harkara_window_used{smsc=idle}", 0}, {"harkara_window_used{smsc=sim-a}", 5},
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Fatalf("missing from %v on", want[i])
		case i >= len(want):
			t.Fatalf("too much from %v on", got[i])
		case got[i] != want[i]:
			t.Errorf("%d: got %v, want %v", i, got[i], want[i])
		}
	}
}

// TestNamesAndLabels: names are harkara_* in base units but for the runtime's own, and a label never tells a number, an id or
// a text: only what the configuration and the code themselves name.
func TestNamesAndLabels(t *testing.T) {
	m := used()
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"tenant", "class", "state", "smsc", "kind", "result", "call", "route", "status"}
	n := 0
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "harkara_") {
			if !strings.HasPrefix(f.GetName(), "go_") && !strings.HasPrefix(f.GetName(), "process_") {
				t.Errorf("%s is neither ours nor the runtime's", f.GetName())
			}
			continue
		}
		n++
		for _, l := range f.GetMetric()[0].GetLabel() {
			if !slices.Contains(allowed, l.GetName()) {
				t.Errorf("%s has the label %s", f.GetName(), l.GetName())
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d metrics of ours", n)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "harkara_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestHooksTogether: two gateways of one process, as tests have them, do not share a registry.
func TestHooksTogether(t *testing.T) {
	a, b := used(), used()
	a.Retried(errors.New("made up"))
	value := func(m *Metrics) float64 {
		for _, s := range samples(t, m) {
			if s.id == "harkara_ledger_retries_total{}" {
				return s.value
			}
		}
		return -1
	}
	if got := [2]float64{value(a), value(b)}; got != [2]float64{2, 1} {
		t.Errorf("retries %v, want 2 and 1", got)
	}
}
