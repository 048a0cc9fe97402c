package dlt

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// dayLayouts are the days that exports write, the day before the month where both are numbers.
var dayLayouts = []string{"2006-01-02", "02-01-2006", "02/01/2006"}

// The serial numbers of days in spreadsheets, counted from serialEpoch, that are taken for dates: 1930 to 2199. Others
// are some number that is no date.
const firstSerial, lastSerial = 10959, 109574

var serialEpoch = time.Date(1899, 12, 30, 0, 0, 0, 0, IST)

// parseTime reads a bound of a row's validity; empty is none. A day is its midnight in IST, or the next one where it is
// the last day, which counts whole. number says that the cell is a spreadsheet's number: days, and a part of one.
func parseTime(s string, number, last bool) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range dayLayouts {
		if t, err := time.ParseInLocation(layout, s, IST); err == nil {
			return wholeDay(t, last), nil
		}
	}
	if days, err := strconv.ParseFloat(s, 64); err == nil && number && days >= firstSerial && days <= lastSerial {
		whole, part := math.Modf(days)
		if t := serialEpoch.AddDate(0, 0, int(whole)); part == 0 {
			return wholeDay(t, last), nil
		} else {
			return t.Add(time.Duration(math.Round(part*86400)) * time.Second), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date: write it as 2026-12-31, 31-12-2026 or 31/12/2026", s)
}

func wholeDay(t time.Time, last bool) time.Time {
	if last {
		return t.AddDate(0, 0, 1)
	}
	return t
}
