package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/otp/service"
	"harkara/cmd/internal/webhook"
	"harkara/smpp/sms"
)

// OTP returns hooks for the OTP service, and registers what they count. Call it once.
func (m *Metrics) OTP() (calls service.Trace, api func(tenant sms.TenantID, route string, status int, took time.Duration)) {
	made := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "harkara_otp_call_duration_seconds",
		Help:    "Of a call of the OTP service over NATS, by what it came to.",
		Buckets: prometheus.ExponentialBuckets(0.0002, 2, 16)}, []string{"tenant", "call", "result"})
	due := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "harkara_otp_timer_duration_seconds",
		Help: "Of what a challenge's timer asks for.", Buckets: prometheus.ExponentialBuckets(0.0002, 2, 16)})
	asked := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "harkara_api_request_duration_seconds",
		Help:    "Of a request to /v1, by route and status.",
		Buckets: prometheus.ExponentialBuckets(0.0002, 2, 16)}, []string{"tenant", "route", "status"})
	unavailable := prometheus.NewCounter(prometheus.CounterOpts{Name: "harkara_otp_unavailable_total",
		Help: "Calls of the OTP service over NATS that were answered \"unavailable\"."})
	m.Registry.MustRegister(made, due, asked, unavailable)
	calls = service.Trace{
		Called: func(tenant sms.TenantID, call, result string, took time.Duration) {
			made.WithLabelValues(string(tenant), call, result).Observe(took.Seconds())
			if result == string(otp.Unavailable) {
				unavailable.Inc()
			}
		},
		Due: func(took time.Duration) { due.Observe(took.Seconds()) },
	}
	return calls, func(tenant sms.TenantID, route string, status int, took time.Duration) {
		asked.WithLabelValues(string(tenant), route, statusClass(status)).Observe(took.Seconds())
	}
}

// Webhooks returns hooks for the webhooks of tenants' events.
func (m *Metrics) Webhooks() webhook.Trace {
	count := func(result string) func(sms.TenantID) {
		return func(tenant sms.TenantID) { m.webhooks.WithLabelValues(string(tenant), result).Inc() }
	}
	return webhook.Trace{Delivered: count("delivered"), Failed: count("failed"), GivenUp: count("given_up")}
}

// statusClass is 2xx, 4xx or 5xx.
func statusClass(status int) string {
	return string(rune('0'+status/100)) + "xx"
}
