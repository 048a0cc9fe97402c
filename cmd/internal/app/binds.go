package app

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"harkara/cmd/internal/console"
	"harkara/cmd/internal/metrics"
	"harkara/smpp/bind"
	"harkara/smpp/sms"
)

// statuses is the state of every connection, by SMSC.
func (a *App) statuses() map[sms.SMSCID][]bind.Status {
	all := map[sms.SMSCID][]bind.Status{}
	for id, p := range a.pools {
		all[id] = p.Snapshot()
	}
	return all
}

// Binds is the state of every connection with that of its SMSC, in the order of the configuration.
func (a *App) Binds() []console.Bind {
	matches := a.projector.Matches()
	list := []console.Bind{}
	for i := range a.cfg.SMSCs {
		s := &a.cfg.SMSCs[i]
		var rate *float64
		m := matches[s.ID]
		if m.Judged > 0 {
			rate = &m.Ratio
		}
		for _, status := range a.pools[s.ID].Snapshot() {
			list = append(list, console.Bind{Status: status, MatchRate: rate, MatchAlarm: s.matchAlarm(m.Judged, m.Ratio)})
		}
	}
	return list
}

// Trace is the last PDUs of an SMSC's binds; false where there is no such SMSC.
func (a *App) Trace(id sms.SMSCID) ([]bind.Record, bool) {
	p, ok := a.pools[id]
	if !ok {
		return nil, false
	}
	return p.Trace(), true
}

// matchJudged is how many receipts it takes to judge by.
const matchJudged = 20

// matchAlarm says what is wrong where too few of an SMSC's receipts find their message.
func (s *SMSC) matchAlarm(judged int, ratio float64) string {
	if judged < matchJudged || ratio >= s.Receipts.MatchAlarm {
		return ""
	}
	return fmt.Sprintf("%.0f %% of the last %d receipts found their message: look at receipts.submit_id and receipts.receipt_id, "+
		"and at what else uses this account", 100*ratio, judged)
}

// watchMatches logs when an SMSC's match rate falls below its alarm, and when it is well again.
func (a *App) watchMatches(ctx context.Context) error {
	alarmed := map[sms.SMSCID]bool{}
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		matches := a.projector.Matches()
		for i := range a.cfg.SMSCs {
			s := &a.cfg.SMSCs[i]
			m := matches[s.ID]
			if m.Judged < matchJudged {
				continue // too few to say that anything has changed
			}
			alarm := s.matchAlarm(m.Judged, m.Ratio)
			switch {
			case alarm != "" && !alarmed[s.ID]:
				a.log.Error("receipts do not find their messages", "smsc", s.ID, "alarm", alarm)
			case alarm == "" && alarmed[s.ID]:
				a.log.Info("receipts find their messages again", "smsc", s.ID)
			}
			alarmed[s.ID] = alarm != ""
		}
	}
}

// gauges shows what is only known by asking.
func (a *App) gauges(m *metrics.Metrics) {
	m.Binds(a.statuses)
	for _, class := range sms.Classes {
		m.Gauge("requests_in_flight", "Requests between JetStream and their outcome.",
			prometheus.Labels{"class": class.String()}, func() float64 { return float64(a.intake.InFlight(class)) })
	}
	m.Gauge("ledger_position", "Frames in the ledger.", nil, func() float64 { return float64(a.ledger.End()) })
	m.Gauge("projection_position", "Frames that are in PostgreSQL.", nil, func() float64 { return float64(a.projector.Position()) })
	m.Gauge("projection_lag_seconds", "How long the oldest frame has waited that is not in PostgreSQL; to the second, 0: none waits.", nil,
		func() float64 { return a.lag.behind(time.Now()).Seconds() })
	m.Gauge("projection_lag_alert_seconds", "From how much lag on that is an alarm: projection.lag_alert.", nil,
		func() float64 { return a.cfg.Projection.LagAlert.Seconds() })
	m.Gauge("otp_off", "1 where this gateway serves no one-time passwords, as it has other OTP keys than the others.", nil, func() float64 {
		if a.otp.off != nil {
			return 1
		}
		return 0
	})
	m.Gauge("otp_calls", "Calls of the OTP service that are under way.", nil, func() float64 { return float64(a.otp.service.Calls()) })
	m.Gauge("otp_events_late", "Appends of OTP events that the ledger has not taken yet.", nil, func() float64 { return float64(a.otp.service.Late()) })
	m.Gauge("otp_refusals_unsaid", "Refusals since the start that were not written down, as the same was a moment before.", nil,
		func() float64 { return float64(a.otp.service.Unsaid()) })
	m.Gauge("ledger_waiting", "Events that wait to be in the ledger.", nil, func() float64 { return float64(a.ledger.Waiting()) })
	m.Gauge("checkpoint_age_seconds", "Since the ledger was last signed for.", nil, func() float64 {
		return time.Since(time.Unix(a.upkeep.checkpoint.Load(), 0)).Seconds()
	})
	m.Gauge("keys_trouble", "1 while keys can't be made or kept: numbers are then neither searchable nor revealable later.", nil, func() float64 {
		if a.vault.Trouble() != nil {
			return 1
		}
		return 0
	})
	m.Gauge("ledger_alarms", "How often since the start the ledger was not as it was left.", nil,
		func() float64 { return float64(a.upkeep.alarms.Load()) })
	m.Gauge("maintenance_timestamp_seconds", "When the days of the database were last looked after; 0: not since the start.", nil,
		func() float64 { return float64(a.upkeep.maintained.Load()) })
	m.Gauge("register_version", "Version of the DLT register that messages are checked against.", nil,
		func() float64 { return float64(a.register.Load().Register.Version()) })
	m.Gauge("register_kept_version", "Version of the register whose copy NATS keeps for a start without PostgreSQL.", nil,
		func() float64 { return float64(a.books.kept.Load()) })
	m.Gauge("quarantined", "Pairs of template and SMSC that are held back.", nil,
		func() float64 { return float64(len(a.register.Load().Quarantine)) })
	for i := range a.cfg.SMSCs {
		s := &a.cfg.SMSCs[i]
		labels := prometheus.Labels{"smsc": string(s.ID)}
		m.Gauge("receipts_match_ratio", "Share of the recent receipts that found their message, judged a minute after they came; NaN: none to judge.",
			labels, func() float64 {
				if match := a.projector.Matches()[s.ID]; match.Judged > 0 {
					return match.Ratio
				}
				return math.NaN()
			})
		m.Gauge("receipts_match_alarm", "1 while too few receipts find their message.", labels, func() float64 {
			if match := a.projector.Matches()[s.ID]; s.matchAlarm(match.Judged, match.Ratio) != "" {
				return 1
			}
			return 0
		})
	}
}
