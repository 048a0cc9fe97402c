package storage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// tallies returns what harkara.v_tally and harkara.v_billing say, and what they should: a fresh count of the rows.
func (b *bench) tallies(t testing.TB) (have, want []string) {
	t.Helper()
	const hour, dims = `date_trunc('hour', m.requested_at AT TIME ZONE 'Asia/Kolkata') AT TIME ZONE 'Asia/Kolkata'`,
		`m.tenant, m.template, m.header, m.entity, coalesce(x.smsc, ''), m.class, m.category`
	have = query(t, b.db, `SELECT hour, tenant, template, header, entity, smsc, class, category, state, error_stage, error_code, error_reason, submitted,
		possible_duplicate, bucket, messages, segments FROM harkara.v_tally`)
	type counts struct{ messages, segments int }
	fresh := map[string]counts{}
	for _, line := range query(t, b.db, `SELECT `+hour+`, `+dims+`, x.state, coalesce(x.error_stage, ''), coalesce(x.error_code, ''),
		coalesce(x.error_reason, ''), x.submitted_at IS NOT NULL, x.possible_duplicate,
		CASE WHEN x.state = 'delivered' THEN (extract(epoch FROM x.final_at - m.requested_at) * 1000000)::bigint END, x.segments
		FROM harkara.message m JOIN harkara.v_message x ON x.key = m.key`) {
		columns := strings.Split(line, "|")
		last := len(columns) - 1
		segments, _ := strconv.Atoi(columns[last])
		bucket := int16(0)
		if us, err := strconv.Atoi(columns[last-1]); err == nil {
			bucket = Bucket(time.Duration(us) * time.Microsecond)
		}
		line = strings.Join(columns[:last-1], "|") + fmt.Sprint("|", bucket)
		fresh[line] = counts{fresh[line].messages + 1, fresh[line].segments + segments}
	}
	for line, c := range fresh {
		want = append(want, fmt.Sprint(line, "|", c.messages, "|", c.segments))
	}
	have = append(have, query(t, b.db, `SELECT hour, tenant, template, header, entity, smsc, class, category, possible_duplicate, accepted, in_doubt
		FROM harkara.v_billing`)...)
	want = append(want, query(t, b.db, `SELECT `+hour+`, `+dims+`, x.possible_duplicate, count(*) FILTER (WHERE x.status = 'accepted'),
		count(*) FILTER (WHERE x.status = 'in_doubt') FROM harkara.message m JOIN harkara.v_attempt x ON x.key = m.key
		WHERE x.status IN ('accepted', 'in_doubt') GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9`)...)
	haveOTP, wantOTP := b.otpTallies(t)
	have, want = append(have, haveOTP...), append(want, wantOTP...)
	slices.Sort(have)
	slices.Sort(want)
	return have, want
}

func TestBuckets(t *testing.T) {
	for d, want := range map[time.Duration]int16{
		-time.Second: 1, 0: 1, time.Microsecond: 1, time.Second: 100, time.Second + time.Microsecond: 101, 1100 * time.Millisecond: 101,
		1210 * time.Millisecond: 102, 1_771_561 * time.Microsecond: 106, 1_771_562 * time.Microsecond: 107, time.Hour: 186,
		72 * time.Hour: 231, 1<<63 - 1: 341,
	} {
		if got := Bucket(d); got != want {
			t.Errorf("%v is in bucket %d, want %d", d, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := time.Duration(rapid.Int64Min(0).Draw(t, "a")), time.Duration(rapid.Int64Min(0).Draw(t, "b"))
		if a < b != (Bucket(a) < Bucket(b)) && a != b && Bucket(a) != Bucket(b) {
			t.Fatalf("%v and %v are in %d and %d", a, b, Bucket(a), Bucket(b))
		}
	})
}

func TestHoursAreIndias(t *testing.T) {
	for at, want := range map[string]string{
		"2026-11-22T10:11:12Z": "2026-11-22T09:30:00Z", "2026-11-22T09:30:00Z": "2026-11-22T09:30:00Z", "2026-11-22T09:29:59.999Z": "2026-11-22T08:30:00Z",
		"1969-12-31T18:29:00Z": "1969-12-31T17:30:00Z",
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Unix(hourOf(when), 0).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s is in the hour of %s, want %s", at, got, want)
		}
	}
}
