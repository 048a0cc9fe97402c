package storage

import (
	"testing"
	"time"

	"harkara/smpp/sms"
)

// BenchmarkLookupByID asks for ids among 400 days, as a backlog does that was published before the start: there is one,
// and, as is the rule, there is none.
func BenchmarkLookupByID(b *testing.B) {
	db := testDB(b)
	db.SetMaxOpenConns(1) // as many plans are made anew as one connection makes
	now := dayOf(time.Now())
	const days, messages = 400, 40_000
	db.MustExec(`UPDATE harkara.projection SET frame_at = $1`, now.AddDate(0, 0, 1-days))
	if _, err := Maintain(b.Context(), db, time.Now(), Retention{Messages: 500 * 24 * time.Hour}); err != nil {
		b.Fatal(err)
	}
	fillDays(b, &bench{db: db.DB}, messages, now.AddDate(0, 0, -days), days*24*time.Hour/messages)
	db.MustExec(`ANALYZE`)
	for name, id := range map[string]sms.RequestID{"Found": "id-77", "None": "none"} {
		b.Run(name, func(b *testing.B) {
			l := NewLookup(db.DB)
			for b.Loop() {
				if k, err := l.ByID(b.Context(), "acme", id, 0); err != nil || k.Found != (id != "none") {
					b.Fatal(k, err)
				}
			}
		})
	}
}
