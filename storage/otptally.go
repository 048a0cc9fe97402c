package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"harkara/storage/ledger"
)

// otpTally gathers what a batch changes of harkara.otp_tally, as differences, as tally does for messages.
type otpTally map[otpTallyKey]int64

// otpTallyKey is a row of harkara.otp_tally without its count.
type otpTallyKey struct {
	hour                                    int64 // of the challenge's request, in seconds since 1970
	tenant, purpose, template, route, event string
	bucket                                  int16 // of verified: how long after the request
}

// otpWouldBlock counts what a limit would have refused, were it not on trial.
const otpWouldBlock = "would_block"

// otpFirstSent counts the first sends that an SMSC accepted, besides their being sent: harkara.v_otp_route has it that their
// challenges were requested on its route.
const otpFirstSent = "first_sent"

// count adds an event on the route of its SMSC. A challenge is requested before its route is known, and nothing is ever taken
// off again: a first send may be told twice, or without its request.
func (t otpTally) count(r *otpRow) {
	o := &r.otp
	k := otpTallyKey{hour: hourOf(o.Requested), tenant: storable(string(o.Tenant)), purpose: storable(o.Purpose),
		template: storable(string(o.Template)), route: storable(string(o.SMSC)), event: string(o.Event)}
	switch {
	case o.Event == ledger.OTPRequested:
		k.route = ""
	case o.Event == ledger.OTPSent && o.Send == 1 && o.SMSC != "":
		first := k
		first.event = otpFirstSent
		t[first]++
	case o.Event == ledger.OTPVerified:
		k.bucket = Bucket(r.at.Sub(o.Requested))
	case o.Event == ledger.OTPBlocked && o.DryRun:
		k.event = otpWouldBlock
	}
	t[k]++
}

// write adds the differences to what is counted, in the order of the key, so that two writers never wait in a circle.
func (t otpTally) write(ctx context.Context, tx *sql.Tx) error {
	var a arrays
	for _, k := range slices.SortedFunc(maps.Keys(t), otpTallyKey.compare) {
		if n := t[k]; n != 0 {
			a.add(time.Unix(k.hour, 0), k.tenant, k.purpose, k.template, k.route, k.event, k.bucket, n)
		}
	}
	_, err := a.exec(ctx, tx, `INSERT INTO harkara.otp_tally AS t SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[],
		$5::text[], $6::text[], $7::smallint[], $8::bigint[]) ON CONFLICT (hour, tenant, purpose, template, route, event, bucket) DO UPDATE
		SET events = t.events + excluded.events`)
	if err != nil {
		return fmt.Errorf("write the tally of challenges: %w", err)
	}
	return nil
}

func (k otpTallyKey) compare(o otpTallyKey) int {
	return cmp.Or(cmp.Compare(k.hour, o.hour), cmp.Compare(k.tenant, o.tenant), cmp.Compare(k.purpose, o.purpose),
		cmp.Compare(k.template, o.template), cmp.Compare(k.route, o.route), cmp.Compare(k.event, o.event), cmp.Compare(k.bucket, o.bucket))
}
