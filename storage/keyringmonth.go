package storage

import (
	"fmt"
	"time"

	"harkara/dlt"
)

// month is a month in India: twelve times its year and its number from 0. The zero month stands for all of them: see
// ringKey.Month.
type month int

func monthOf(t time.Time) month {
	year, m, _ := t.In(dlt.IST).Date()
	return month(year*12 + int(m) - 1)
}

// start is the month's first moment.
func (m month) start() time.Time {
	return time.Date(int(m)/12, time.Month(int(m)%12+1), 1, 0, 0, 0, 0, dlt.IST)
}

// String returns 2026-11; empty for the zero month.
func (m month) String() string {
	if m == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", int(m)/12, int(m)%12+1)
}

// parseMonth reads what String returns.
func parseMonth(s string) (month, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.ParseInLocation("2006-01", s, dlt.IST)
	if err != nil || monthOf(t).String() != s {
		return 0, fmt.Errorf("%q is no month such as 2026-11", s)
	}
	return monthOf(t), nil
}
