package storage

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAnotherLedgerIsRefused(t *testing.T) {
	t.Parallel()
	b, other := newBench(t, 100*time.Millisecond), newBench(t, 100*time.Millisecond)
	if err := CheckLineage(t.Context(), b.db, b.ledger.Lineage()); err != nil {
		t.Errorf("a database that has seen no ledger: %v", err)
	}
	b.append(t, newHistory(1).rejected().events...)
	b.project(t, b.config())
	if err := CheckLineage(t.Context(), b.db, b.ledger.Lineage()); err != nil {
		t.Errorf("its own ledger: %v", err)
	}
	if err := CheckLineage(t.Context(), b.db, other.ledger.Lineage()); !errors.Is(err, ErrOtherLedger) {
		t.Errorf("another ledger: %v", err)
	}
	if _, err := MendLedger(t.Context(), b.db, other.js, other.ledger); !errors.Is(err, ErrOtherLedger) {
		t.Errorf("another ledger is to be mended: %v", err)
	}
	other.append(t, newHistory(2).rejected().events...)
	other.append(t, newHistory(3).rejected().events...)
	cfg := other.config()
	cfg.DB = b.db
	ctx, cancel := context.WithCancel(t.Context())
	var cause error
	cfg.Trace.Failed = func(err error) { cause = err; cancel() }
	cfg.Trace.Step = func(string) error { t.Error("a step was taken"); cancel(); return errCrash }
	_ = NewProjector(cfg).Run(ctx)
	if !errors.Is(cause, ErrOtherLedger) {
		t.Errorf("projecting another ledger: %v", cause)
	}
	if got := query(t, b.db, `SELECT position FROM harkara.projection`); got[0] != "1" {
		t.Errorf("position %s", got[0])
	}
}

// TestAReplayIsSilent: a projector into a second database tells tenants nothing.
func TestAReplayIsSilent(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.append(t, newHistory(1).planned(1, "a", 1, 1).submitted(1, "a", 1).events...)
	b.project(t, b.config())
	before := b.statuses(t)
	replayed := *b
	replayed.db = testDB(t).DB
	cfg := replayed.config()
	cfg.Silent, cfg.JS = true, nil
	replayed.project(t, cfg)
	sameLines(t, "views", replayed.views(t), b.views(t))
	sameLines(t, "statuses", b.statuses(t), before)
}
