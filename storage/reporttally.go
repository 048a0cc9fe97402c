package storage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dimension is what a report may group by: how its parts are told apart in tally or billing (t), dim (d) and outcome
// (o), and how they are shown.
type dimension struct{ key, shown string }

// dimensions by their names. Days and hours are India's.
var dimensions = map[string]dimension{
	"tenant":   {"d.tenant", "d.tenant"},
	"template": {"d.template", "d.template"},
	"header":   {"d.header", "d.header"},
	"entity":   {"d.entity", "d.entity"},
	"smsc":     {"d.smsc", "d.smsc"},
	"class":    {"d.class", "d.class"},
	"category": {"d.category", "d.category"},
	"purpose":  {"d.purpose", "d.purpose"},
	"route":    {"d.route", "d.route"},
	"day":      {"t.day", "to_char(t.day, 'YYYY-MM-DD')"},
	"hour":     {"t.hour", `to_char(t.hour AT TIME ZONE 'Asia/Kolkata', 'YYYY-MM-DD"T"HH24:00:00+05:30')`},
	"error": {"o.error_stage, o.error_code, o.error_reason",
		"concat_ws(' ', nullif(o.error_stage, ''), nullif(o.error_code, ''), nullif(nullif(o.error_reason, o.error_code), ''))"},
}

// times are the dimensions of the counts themselves, with their expressions.
var times = map[string]string{"hour": "hour", "day": "(hour AT TIME ZONE 'Asia/Kolkata')::date AS day"}

// grouping is the chosen dimensions as parts of a query.
type grouping struct {
	shown, keys []string
	times       []string // those of the counts
	order       []string // places in the select list
}

// group makes the grouping by some of the dimensions that are allowed.
func group(by, allowed []string) (g grouping, err error) {
	for i, name := range by {
		if !slices.Contains(allowed, name) {
			return g, fmt.Errorf("%q is nothing to group by: choose of %s", name, strings.Join(allowed, ", "))
		}
		d := dimensions[name]
		g.shown, g.keys = append(g.shown, d.shown), append(g.keys, d.key)
		g.order = append(g.order, strconv.Itoa(i+1))
		if t, ok := times[name]; ok {
			g.times = append(g.times, t)
		}
	}
	return g, nil
}

// WholeHours widens [from, to) to whole hours of India, which is how finely messages are counted. A zero time stays.
func WholeHours(from, to time.Time) (time.Time, time.Time) {
	const behind = 30 * time.Minute // of India's hours behind UTC's
	if !from.IsZero() {
		from = from.Add(behind).Truncate(time.Hour).Add(-behind)
	}
	if !to.IsZero() {
		to = to.Add(behind + time.Hour - 1).Truncate(time.Hour).Add(-behind)
	}
	return from, to
}
