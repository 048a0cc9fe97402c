// Package metrics turns the hooks of the gateway's parts into Prometheus metrics (harkara_*, base units; never a label
// per number, id or text).
package metrics

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"harkara/cmd/internal/dispatch"
	"harkara/cmd/internal/intake"
	"harkara/smpp/bind"
	"harkara/smpp/session"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
)

// Metrics is the gateway's registry and the metrics in it.
type Metrics struct {
	Registry *prometheus.Registry

	taken, copied, again, letGo *prometheus.CounterVec
	ended                       *prometheus.HistogramVec
	receipts                    *prometheus.CounterVec
	busy, mo                    *prometheus.CounterVec
	cancelled, asked            *prometheus.CounterVec
	drops                       *prometheus.CounterVec
	answers                     *prometheus.HistogramVec
	frames                      prometheus.Histogram
	events                      prometheus.Counter
	retries                     prometheus.Counter
	projected                   *prometheus.CounterVec
	batches                     prometheus.Histogram
	failures                    prometheus.Counter
	webhooks                    *prometheus.CounterVec
}

// New makes the registry with the process's own metrics in it.
func New() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		taken:    counter("requests_taken_total", "Requests pulled from JetStream.", "tenant", "class"),
		copied:   counter("requests_copied_total", "Copies of a request id that were dropped.", "tenant"),
		letGo:    counter("requests_let_go_total", "Requests not sent, as the gateway stood still or could not reach NATS and they may be another's.", "tenant"),
		again:    counter("requests_redelivered_total", "Requests that JetStream brought once more.", "tenant"),
		ended: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "harkara_request_duration_seconds",
			Help:    "From a request's publication to its outcome in the ledger, by class and state.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 16)}, []string{"class", "state"}),
		receipts: counter("receipts_total", "Delivery receipts made durable, by SMSC and state.", "smsc", "state"),
		busy:     counter("receipts_busy_total", "Receipts answered with \"try again\" since the ledger could not take them.", "smsc"),
		mo:       counter("mo_rejected_total", "Mobile-originated messages turned away.", "smsc"),
		cancelled: counter("cancel_sm_total", "Segments of superseded OTPs that an SMSC was asked to drop: done or not_done.",
			"smsc", "result"),
		asked: counter("query_sm_total", "Segments without a receipt that an SMSC was asked about: settled or not_settled.",
			"smsc", "result"),
		drops: counter("bind_drops_total", "Binds that went down, or did not come up.", "smsc"),
		answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "harkara_submit_sm_answer_seconds",
			Help:    "From a submit_sm's write to its verdict.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15)}, []string{"smsc", "class", "verdict"}),
		frames: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "harkara_ledger_append_duration_seconds",
			Help: "From a frame's first try to its acknowledgement.", Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16)}),
		events: prometheus.NewCounter(prometheus.CounterOpts{Name: "harkara_ledger_events_total",
			Help: "Events made durable."}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{Name: "harkara_ledger_retries_total",
			Help: "Tries to append a frame that failed."}),
		projected: counter("projected_total", "What the projection took into PostgreSQL, by kind.", "kind"),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "harkara_projection_batch_duration_seconds",
			Help: "Of one batch, from gathered to committed.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{Name: "harkara_projection_failures_total",
			Help: "Sessions of the projector that ended on an error."}),
		webhooks: counter("webhook_posts_total", "Events posted to tenants: delivered, failed (another try follows) or given_up.", "tenant",
			"result"),
	}
	m.projected.WithLabelValues("parked") // so that its first increase is one
	m.webhooks.WithLabelValues("", "given_up")
	m.Registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.taken, m.copied, m.again, m.letGo, m.ended, m.receipts, m.busy, m.mo, m.cancelled, m.asked, m.drops, m.answers, m.frames, m.events, m.retries,
		m.projected, m.batches, m.failures, m.webhooks)
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "harkara_" + name, Help: help}, labels)
}

// Bind returns hooks for the binds.
func (m *Metrics) Bind() bind.Trace {
	return bind.Trace{
		Link: func(id sms.SMSCID, _ int, err error) {
			if err != nil && !errors.Is(err, session.ErrStopped) {
				m.drops.WithLabelValues(string(id)).Inc()
			}
		},
		Answered: func(id sms.SMSCID, c sms.Class, v session.Verdict, wait time.Duration) {
			m.answers.WithLabelValues(string(id), c.String(), v.String()).Observe(wait.Seconds())
		},
	}
}

// Intake returns hooks for the intake.
func (m *Metrics) Intake() intake.Trace {
	return intake.Trace{
		Taken: func(t sms.TenantID, c sms.Class, n int) {
			m.taken.WithLabelValues(string(t), c.String()).Add(float64(n))
		},
		Copied: func(t sms.TenantID) { m.copied.WithLabelValues(string(t)).Inc() },
		LetGo:  func(t sms.TenantID) { m.letGo.WithLabelValues(string(t)).Inc() },
		Again:  func(t sms.TenantID) { m.again.WithLabelValues(string(t)).Inc() },
	}
}

// Dispatch returns hooks for dispatch.
func (m *Metrics) Dispatch() dispatch.Trace {
	return dispatch.Trace{
		Ended: func(c sms.Class, s sms.State, took time.Duration) {
			m.ended.WithLabelValues(c.String(), string(s)).Observe(took.Seconds())
		},
		Receipt: func(id sms.SMSCID, s sms.State) { m.receipts.WithLabelValues(string(id), string(s)).Inc() },
		Busy:    func(id sms.SMSCID) { m.busy.WithLabelValues(string(id)).Inc() },
		MO:      func(id sms.SMSCID) { m.mo.WithLabelValues(string(id)).Inc() },
		Cancelled: func(id sms.SMSCID, done bool) {
			result := "not_done"
			if done {
				result = "done"
			}
			m.cancelled.WithLabelValues(string(id), result).Inc()
		},
	}
}

// Asked notes one query_sm.
func (m *Metrics) Asked(id sms.SMSCID, settled bool) {
	result := "not_settled"
	if settled {
		result = "settled"
	}
	m.asked.WithLabelValues(string(id), result).Inc()
}

// Appended notes one frame of the ledger.
func (m *Metrics) Appended(events, _ int, took time.Duration) {
	m.events.Add(float64(events))
	m.frames.Observe(took.Seconds())
}

// Retried notes one failed try to append.
func (m *Metrics) Retried(error) { m.retries.Inc() }

// Projector returns hooks for the projector.
func (m *Metrics) Projector() storage.ProjectorTrace {
	return storage.ProjectorTrace{
		Projected: func(_ ledger.Position, s storage.Stats, took, _ time.Duration) {
			for kind, n := range map[string]int{"events": s.Events, "messages": s.Messages, "receipts": s.Receipts,
				"early_receipts": s.Early, "matched_receipts": s.Matched, "statuses": s.Statuses, "parked": s.Parked,
				"looked_up": s.Recalled} {
				m.projected.WithLabelValues(kind).Add(float64(n))
			}
			m.batches.Observe(took.Seconds())
		},
		Failed: func(error) { m.failures.Inc() },
	}
}

// Binds makes gauges of what snapshot tells whenever they are scraped.
func (m *Metrics) Binds(snapshot func() map[sms.SMSCID][]bind.Status) {
	m.Registry.MustRegister(&bindCollector{snapshot: snapshot})
}

// Gauge makes a gauge of a function.
func (m *Metrics) Gauge(name, help string, labels prometheus.Labels, value func() float64) {
	m.Registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "harkara_" + name, Help: help,
		ConstLabels: labels}, value))
}
