package storage

import (
	"maps"
	"testing"
	"time"

	"harkara/dlt"
	"harkara/storage/ledger"
)

// A template or a header was used when a message was offered to an SMSC, whatever became of it.
func TestUsage(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	at := func(n int) time.Time { return testStart.Add(time.Duration(n) * time.Hour) }
	use := func(n int, template dlt.TemplateID, header dlt.Header, entity dlt.EntityID, events []ledger.Event) {
		f := events[0].Facts
		f.Template, f.Header, f.Entity, f.Requested = template, header, entity, at(n)
		b.append(t, events...)
	}
	use(1, "1", "ACMEBK", "11", newHistory(1).planned(1, "a", 1, 1).submitted(1, "a", 1).events)
	use(4, "1", "ACMEIN", "11", newHistory(2).planned(1, "a", 1, 1).ended(ledger.Refused, 1, "a", true, 1).events)
	use(3, "1", "ACMEIN", "12", newHistory(3).planned(1, "a", 1, 1).events)
	use(5, "2", "ACMEBK", "11", newHistory(4).rejected().events)
	use(2, "2", "ACMEBK", "11", newHistory(5).planned(1, "a", 1, 1).events)
	b.project(t, b.config())
	b.learn(t, 3)
	use(2, "1", "ACMEIN", "11", newHistory(6).planned(1, "a", 1, 1).events) // an older request comes later
	use(6, "3", "BETABK", "13", newHistory(7).planned(1, "a", 1, 1).events)
	b.project(t, b.config())
	b.learn(t, 3)
	for _, c := range []struct {
		since     time.Time
		templates map[dlt.TemplateID]time.Time
		headers   map[OwnedHeader]time.Time
	}{
		{time.Time{}, map[dlt.TemplateID]time.Time{"1": at(4), "2": at(2), "3": at(6)},
			map[OwnedHeader]time.Time{{"ACMEBK", "11"}: at(2), {"ACMEIN", "11"}: at(4), {"ACMEIN", "12"}: at(3), {"BETABK", "13"}: at(6)}},
		{at(4).Truncate(time.Microsecond), map[dlt.TemplateID]time.Time{"1": at(4), "3": at(6)},
			map[OwnedHeader]time.Time{{"ACMEIN", "11"}: at(4), {"BETABK", "13"}: at(6)}},
		{at(7), map[dlt.TemplateID]time.Time{}, map[OwnedHeader]time.Time{}},
	} {
		templates, headers, err := Usage(t.Context(), b.x(), c.since)
		if err != nil || !maps.Equal(templates, c.templates) || !maps.Equal(headers, c.headers) {
			t.Errorf("since %v: %v\n got %v %v\nwant %v %v", c.since, err, templates, headers, c.templates, c.headers)
		}
	}
}
