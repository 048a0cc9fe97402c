package metrics

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"harkara/smpp/bind"
	"harkara/smpp/sms"
)

// bindCollector reads the pools when it is scraped, so that the hot path counts nothing twice.
type bindCollector struct {
	snapshot func() map[sms.SMSCID][]bind.Status
}

var (
	bindsUp = prometheus.NewDesc("harkara_binds_bound", "Binds that are up.", []string{"smsc"}, nil)
	alarms  = prometheus.NewDesc("harkara_binds_alarms", "Binds that need a person.", []string{"smsc"}, nil)
	window  = prometheus.NewDesc("harkara_window_used", "Outstanding submit_sm.", []string{"smsc"}, nil)
	windows = prometheus.NewDesc("harkara_window_size", "What the windows hold at most.", []string{"smsc"}, nil)
	lanes   = prometheus.NewDesc("harkara_lane_used", "Messages that wait before the binds.", []string{"smsc", "class"}, nil)
	sizes   = prometheus.NewDesc("harkara_lane_size", "What a lane holds at most.", []string{"smsc", "class"}, nil)
	submits = prometheus.NewDesc("harkara_submit_sm_total", "submit_sm by what became of them.", []string{"smsc", "result"}, nil)
	links   = prometheus.NewDesc("harkara_bind_connects_total", "Connections made.", []string{"smsc"}, nil)
	rates   = prometheus.NewDesc("harkara_smsc_rate", "submit_sm per second that an SMSC is sent at most now, as learnt from its throttling; +Inf: no limit.", []string{"smsc"}, nil)
	limits  = prometheus.NewDesc("harkara_smsc_rate_limit", "submit_sm per second by configuration; +Inf: no limit.", []string{"smsc"}, nil)
	paused  = prometheus.NewDesc("harkara_smsc_paused", "1 while nothing is sent, as the SMSC's queue is full.", []string{"smsc"}, nil)
	strange = prometheus.NewDesc("harkara_pdus_unknown_total", "PDUs that fit nothing.", []string{"smsc"}, nil)
)

// Describe implements prometheus.Collector.
func (c *bindCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{bindsUp, alarms, window, windows, lanes, sizes, submits, links, strange, rates, limits, paused} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *bindCollector) Collect(ch chan<- prometheus.Metric) {
	for id, list := range c.snapshot() {
		sum := total(list)
		smsc := string(id)
		gauge := func(d *prometheus.Desc, v int) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), smsc)
		}
		count := func(d *prometheus.Desc, v uint64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), append([]string{smsc}, labels...)...)
		}
		gauge(bindsUp, sum.up)
		gauge(alarms, sum.alarms)
		gauge(window, sum.used)
		gauge(windows, sum.size)
		if len(list) > 0 {
			pace(ch, smsc, &list[0])
		}
		count(submits, sum.Accepted, "accepted")
		count(submits, sum.Refused, "refused")
		count(submits, sum.Timeouts, "unanswered")
		count(submits, sum.Late, "late")
		count(submits, sum.Throttled, "throttled")
		count(submits, sum.QueueFull, "queue_full")
		count(links, sum.Connects)
		count(strange, sum.Unknown)
		if len(list) > 0 {
			for class, lane := range list[0].Lanes {
				name := sms.Class(class).String()
				ch <- prometheus.MustNewConstMetric(lanes, prometheus.GaugeValue, float64(lane.Used), smsc, name)
				ch <- prometheus.MustNewConstMetric(sizes, prometheus.GaugeValue, float64(lane.Size), smsc, name)
			}
		}
	}
}

// pace shows what an SMSC's rate is: every bind of it tells the same.
func pace(ch chan<- prometheus.Metric, smsc string, s *bind.Status) {
	or := func(rate float64) float64 {
		if rate == 0 {
			return math.Inf(1)
		}
		return rate
	}
	stopped := 0.0
	if s.Paused {
		stopped = 1
	}
	for desc, v := range map[*prometheus.Desc]float64{rates: or(s.Rate), limits: or(float64(s.TPS)), paused: stopped} {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, smsc)
	}
}

type totals struct {
	bind.Counters
	up, alarms, used, size int
}

func total(list []bind.Status) totals {
	var t totals
	for _, s := range list {
		if s.State == "bound" {
			t.up++
		}
		if s.Alarm != "" {
			t.alarms++
		}
		t.used += s.WindowUsed
		t.size += s.WindowSize
		t.Accepted += s.Counters.Accepted
		t.Refused += s.Counters.Refused
		t.Timeouts += s.Counters.Timeouts
		t.Late += s.Counters.Late
		t.Throttled += s.Counters.Throttled
		t.QueueFull += s.Counters.QueueFull
		t.Connects += s.Counters.Connects
		t.Unknown += s.Counters.Unknown
	}
	return t
}
