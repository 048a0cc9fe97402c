package storage

import (
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
)

// TestAReaderIsEnough: who has harkara_reader and no more runs every report.
func TestAReaderIsEnough(t *testing.T) {
	t.Parallel()
	dsn := testDSN(t)
	owner, err := sqlx.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	fillDays(t, &bench{db: owner.DB}, 10, testStart, time.Second)
	from, to := testStart.Add(-time.Hour), testStart.Add(time.Hour)
	reader := as(t, dsn, "harkara_reader")
	messages := func(f MessageFilter) func() error {
		f.From, f.To = from, to
		return func() error { return drain(Messages(t.Context(), reader, f)) }
	}
	use := UseFilter{From: from, To: to}
	for name, run := range map[string]func() error{
		"messages":             messages(MessageFilter{}),
		"messages by id":       messages(MessageFilter{ID: "id-3"}),
		"messages by ref":      messages(MessageFilter{Ref: "campaign"}),
		"messages by template": messages(MessageFilter{Template: "1107160000000000001"}),
		"messages by number": messages(MessageFilter{Number: []MonthDigests{
			{Month: time.Date(2026, 11, 1, 0, 0, 0, 0, dlt.IST), Digests: [][]byte{append(make([]byte, 15), 1)}}}}),
		"DLR": func() error {
			return drain(DLR(t.Context(), reader, DLRFilter{From: from, To: to, By: DLRDimensions()}))
		},
		"billing": func() error {
			return drain(Billing(t.Context(), reader, BillingFilter{From: from, To: to, By: BillingDimensions()}))
		},
		"SMSCs":     func() error { return drain(SMSCs(t.Context(), reader, SMSCFilter{From: from, To: to})) },
		"unmatched": func() error { return drain(Unmatched(t.Context(), reader, UnmatchedFilter{From: from, To: to})) },
		"templates": func() error { return drain(TemplateReport(t.Context(), reader, use)) },
		"headers":   func() error { return drain(HeaderReport(t.Context(), reader, use)) },
		"history": func() error {
			_, err := History(t.Context(), reader, dlt.KindTemplate, "1107160000000000001")
			return err
		},
		"imports":  func() error { _, err := RegisterImports(t.Context(), reader); return err },
		"since":    func() error { _, err := HeadersSince(t.Context(), reader); return err },
		"failures": func() error { _, err := Failures(t.Context(), reader, FailureFilter{}); return err },
		"usage":    func() error { _, _, err := Usage(t.Context(), reader, from); return err },
	} {
		if err := run(); err != nil {
			t.Error(fmt.Errorf("%s: %w", name, err))
		}
	}
}
