package storage

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/smpp/sms"
)

// TestRowsArriveAsWritten sends drawn values through COPY to a real table and reads them back.
func TestRowsArriveAsWritten(t *testing.T) {
	db := testDB(t).DB
	if _, err := db.Exec(`CREATE TABLE harkara.drawn (line bigserial, k uuid, t text, o text, n bigint, b boolean, d bytea, at timestamptz, us timestamptz)`); err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	type line struct {
		key    sms.Key
		text   string
		number int64
		flag   bool
		octets []byte
		at     time.Time
	}
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) line {
			return line{
				key: sms.Key(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key")), text: rapid.String().Draw(t, "text"), number: rapid.Int64().Draw(t, "number"),
				flag: rapid.Bool().Draw(t, "flag"), octets: rapid.SliceOf(rapid.Byte()).Draw(t, "octets"),
				at: time.UnixMicro(rapid.Int64Range(-62135596800_000000, 253402300799_999999).Draw(t, "at")).UTC(),
			}
		}), 1, 20).Draw(t, "lines")
		r := newRows("drawn", "k, t, o, n, b, d, at, us")
		for _, l := range lines {
			r.key(l.key)
			r.text(l.text)
			r.textOrNull(l.text)
			r.int(l.number)
			r.bool(l.flag)
			r.bytes(l.octets)
			r.timeOrNull(l.at)
			r.micros(l.at.UnixMicro())
			r.end()
		}
		tx, err := conn.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if err := r.copyIn(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		found, err := tx.Query(`SELECT k, t, coalesce(o, ''), n, b, d, coalesce(at, '0001-01-01 00:00:00+00'), coalesce(us, '1970-01-01 00:00:00+00') FROM harkara.drawn ORDER BY line`)
		if err != nil {
			t.Fatal(err)
		}
		defer found.Close()
		for _, want := range lines {
			if !found.Next() {
				t.Fatalf("a row is missing: %v", found.Err())
			}
			var got line
			var again string
			var us time.Time
			if err := found.Scan(&got.key, &got.text, &again, &got.number, &got.flag, &got.octets, &got.at, &us); err != nil {
				t.Fatal(err)
			}
			want.text = strings.ReplaceAll(want.text, "\x00", "\ufffd")
			if got.key != want.key || got.text != want.text || again != want.text || got.number != want.number || got.flag != want.flag ||
				!bytes.Equal(got.octets, want.octets) || !got.at.Equal(want.at) || !us.Equal(want.at) {
				t.Fatalf("\n got %+v %q %v\nwant %+v", got, again, us, want)
			}
		}
		if found.Next() {
			t.Fatal("a row too many")
		}
	})
}
