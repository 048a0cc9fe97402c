package storage

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
)

// BenchmarkNumber searches by a number among messages of 60 days: HARKARA_BENCH_ROWS of them (300,000), each number having
// about six. It prints ms per search, of which less than 50 are wanted at 30,000,000, and how large the database is.
func BenchmarkNumber(b *testing.B) {
	rows := 300_000
	if text := os.Getenv("HARKARA_BENCH_ROWS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		rows = n
	}
	const days = 60
	first := time.Date(2026, 9, 1, 0, 0, 0, 0, dlt.IST)
	db := testDB(b)
	fillNumbers(b, db, rows, days, first)
	last := first.AddDate(0, 0, days)
	filter := MessageFilter{From: first, To: last}
	var size float64
	if err := db.Get(&size, `SELECT pg_database_size(current_database())`); err != nil {
		b.Fatal(err)
	}
	n, found := 0, 0
	b.ResetTimer()
	for b.Loop() {
		n += 7919 // another number each time
		digest := numberOf(n % (rows / 6))
		filter.Number = nil
		for month := first; month.Before(last); month = month.AddDate(0, 1, 0) {
			filter.Number = append(filter.Number, MonthDigests{Month: month, Digests: [][]byte{digest}})
		}
		for _, err := range Messages(b.Context(), db, filter) {
			if err != nil {
				b.Fatal(err)
			}
			found++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/search")
	b.ReportMetric(float64(found)/float64(b.N), "messages/search")
	b.ReportMetric(size/1e9, "GB")
	b.ReportMetric(0, "ns/op")
}

// numberOf is the made-up digest of the n-th number.
func numberOf(n int) []byte { return fmt.Appendf(nil, "%016x", n) }

// fillNumbers makes messages with their last standing, day after day: the days apart and without indexes first, which are
// made when the rows are there.
func fillNumbers(b *testing.B, db *sqlx.DB, rows, days int, first time.Time) {
	b.Helper()
	conn, err := db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	exec := func(statement string, args ...any) {
		if _, err := conn.ExecContext(context.Background(), statement, args...); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	exec(`SET maintenance_work_mem = '256MB'`)
	exec(`SET synchronous_commit = off`)
	for day := range days {
		at := first.AddDate(0, 0, day)
		for parent, insert := range map[string]string{
			"message": `(key, fact, requested_at, deadline, segments, possible_duplicate, tenant, id, ref, state, class, template, header, entity, category,
					encoding, to_last4, to_digest, to_sealed, text_digest, smsc)
				SELECT ` + madeKey + `, n << 16, at, at, 1, false, 'acme', 'id-' || n, '', 'planned', 'otp', '1107000000000000001', 'ACMEBK', '1101000000000000011',
					'service_implicit', 'gsm7', '5678', convert_to(lpad(to_hex((hashint8(n)::bigint + 2147483648) % $4), 16, '0'), 'UTF8'),
					decode(repeat('ab', 32), 'hex'), decode(repeat('cd', 16), 'hex'), 'sim-1'`,
			"transition": `(key, fact, submitted_at, final_at, possible_duplicate, state, smsc) SELECT ` + madeKey + `, n << 16 | 1, at, at, false, 'delivered', 'sim-1'`,
		} {
			name := parent + at.Format("_20060102")
			exec(`DROP TABLE IF EXISTS harkara.` + name)
			exec(`CREATE TABLE harkara.` + name + ` (LIKE harkara.` + parent + ` INCLUDING DEFAULTS)`)
			args := []any{day*rows/days + 1, (day + 1) * rows / days, at, rows / 6, float64(86400) / float64(rows/days+1)}
			from := ` FROM generate_series($1::bigint, $2::bigint) n, LATERAL (SELECT $3::timestamptz + (n - $1) * $5::float8 * interval '1 s' AS at) t`
			if parent == "transition" {
				from += ` WHERE $4::bigint > 0` // an argument that it has no use for
			}
			exec(`INSERT INTO harkara.`+name+` `+insert+from, args...)
			exec(fmt.Sprintf(`ALTER TABLE harkara.%s ATTACH PARTITION harkara.%s FOR VALUES FROM ('%s') TO ('%s')`, parent, name,
				KeyAt(at), KeyAt(at.AddDate(0, 0, 1))))
			exec(`VACUUM (FREEZE, ANALYZE) harkara.` + name)
		}
	}
	var got int
	if err := conn.QueryRowContext(b.Context(), `SELECT count(*) FROM harkara.message`).Scan(&got); err != nil || got != rows {
		b.Fatal(got, err)
	}
}
