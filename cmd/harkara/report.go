package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"harkara/dlt"
	"harkara/storage"
)

func reportCommand() *cobra.Command {
	return group("report", "Compliance reports from PostgreSQL", reportMessagesCommand(), reportDLRCommand(),
		reportBillingCommand(), reportSMSCsCommand(), reportTemplatesCommand(), reportHeadersCommand(), reportReceiptsCommand(),
		reportProveCommand(), reportOTPCommand())
}

// window is the part of time that a report is about.
type window struct{ from, to string }

func (w *window) flags(cmd *cobra.Command) {
	const form = "day in India (2026-11-22) or time (RFC 3339); "
	cmd.Flags().StringVar(&w.from, "from", "", form+"from it on")
	cmd.Flags().StringVar(&w.to, "to", "", form+"before it; a day counts whole")
}

func (w *window) times() (from, to time.Time, err error) {
	if from, err = parseTime(w.from, 0); err != nil {
		return from, to, usageError{fmt.Errorf("--from: %w", err)}
	}
	if to, err = parseTime(w.to, 1); err != nil {
		return from, to, usageError{fmt.Errorf("--to: %w", err)}
	}
	return from, to, nil
}

// hours is times for a report that reads counts, which are kept by the hour; a time within an hour is noted.
func (w *window) hours(notes io.Writer) (from, to time.Time, err error) {
	if from, to, err = w.times(); err != nil {
		return from, to, err
	}
	wholeFrom, wholeTo := storage.WholeHours(from, to)
	for _, t := range []struct {
		flag       string
		is, counts time.Time
	}{{"--from", from, wholeFrom}, {"--to", to, wholeTo}} {
		if !t.is.Equal(t.counts) {
			fmt.Fprintf(notes, "note: %s: messages are counted by the hour, so this report has it at %s\n", t.flag,
				t.counts.In(dlt.IST).Format(time.RFC3339))
		}
	}
	return wholeFrom, wholeTo, nil
}

// hoursHelp is what --help says of reports that read counts.
const hoursHelp = `A time within an hour is taken to the hour's edge, as messages are counted by India's hours; of a day whose
messages are gone (retention) only the whole day is known, as its hour 00:00.
`

// parseTime reads a time, or a day of India and so many days more.
func parseTime(s string, days int) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, s, dlt.IST); err == nil {
		return day.AddDate(0, 0, days), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("%q is neither a day such as 2026-11-22 nor RFC 3339", s)
	}
	return t, nil
}
