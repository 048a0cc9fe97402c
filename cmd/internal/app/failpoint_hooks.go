package app

import (
	"time"

	"harkara/cmd/internal/dispatch"
	"harkara/cmd/internal/intake"
	"harkara/cmd/internal/metrics"
	"harkara/smpp/bind"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
)

// traces are the hooks of the gateway's parts: the metrics' and, in a build for crash tests, the failpoint's.
type traces struct {
	bind      bind.Trace
	intake    intake.Trace
	dispatch  dispatch.Trace
	projector storage.ProjectorTrace
}

func tracesOf(m *metrics.Metrics) traces {
	t := traces{m.Bind(), m.Intake(), m.Dispatch(), m.Projector()}
	if failpoint == nil {
		return t
	}
	t.intake.Step, t.dispatch.Step = failpoint, failpoint
	t.bind.Wrote = func(sms.SMSCID) { failpoint("after_write") }
	t.projector.Step = func(step string) error {
		failpoint(projectorPlaces[step])
		return nil
	}
	count := t.projector.Projected
	t.projector.Projected = func(p ledger.Position, stats storage.Stats, took, lag time.Duration) {
		failpoint("after_commit")
		count(p, stats, took, lag)
	}
	return t
}

// projectorPlaces are the failpoints by the projector's steps: before a batch's transaction, when its statuses are
// published, and before the COMMIT.
var projectorPlaces = map[string]string{"commit": "after_statuses", "end": "before_commit"}
