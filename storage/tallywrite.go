package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"
)

// write adds the differences to what is counted. Rows go in order, so that two writers never wait for each other in a
// circle.
func (t *tally) write(ctx context.Context, tx *sql.Tx) error {
	for _, write := range []func(context.Context, *sql.Tx) error{t.writeDims, t.writeOutcomes, t.writeMessages, t.writeSegments} {
		if err := write(ctx, tx); err != nil {
			return fmt.Errorf("write the tally: %w", err)
		}
	}
	return nil
}

// written says that the transaction was committed.
func (t *tally) written() {
	for _, d := range t.dims {
		d.stored = true
	}
	for _, o := range t.outcomes {
		o.stored = true
	}
}

func (t *tally) writeDims(ctx context.Context, tx *sql.Tx) error {
	var a arrays
	for _, c := range fresh(t.dims) {
		a.add(t.dims[c].id, c.tenant, c.template, c.header, c.entity, c.smsc, c.class, c.category)
	}
	_, err := a.exec(ctx, tx, `INSERT INTO harkara.dim SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
		$7::text[], $8::text[]) ON CONFLICT DO NOTHING`)
	return err
}

func (t *tally) writeOutcomes(ctx context.Context, tx *sql.Tx) error {
	var a arrays
	for _, c := range fresh(t.outcomes) {
		a.add(t.outcomes[c].id, c.state, c.stage, c.code, c.reason, c.submitted, c.duplicate)
	}
	_, err := a.exec(ctx, tx, `INSERT INTO harkara.outcome SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[],
		$6::boolean[], $7::boolean[]) ON CONFLICT DO NOTHING`)
	return err
}

// fresh are the rows that the database has not got, by id.
func fresh[C comparable](all map[C]*tallyName) (columns []C) {
	for c, n := range all {
		if !n.stored {
			columns = append(columns, c)
		}
	}
	slices.SortFunc(columns, func(a, b C) int { return cmp.Compare(all[a].id, all[b].id) })
	return columns
}

func (t *tally) writeMessages(ctx context.Context, tx *sql.Tx) error {
	var a arrays
	for _, k := range slices.SortedFunc(maps.Keys(t.messages), tallyKey.compare) {
		if c := t.messages[k]; *c != (tallied{}) {
			a.add(time.Unix(k.hour, 0), k.dim, k.outcome, k.bucket, c.messages, c.segments)
		}
	}
	_, err := a.exec(ctx, tx, `INSERT INTO harkara.tally AS t SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::smallint[],
		$5::bigint[], $6::bigint[]) ON CONFLICT (hour, dim, outcome, bucket) DO UPDATE
		SET messages = t.messages + excluded.messages, segments = t.segments + excluded.segments`)
	return err
}

func (t *tally) writeSegments(ctx context.Context, tx *sql.Tx) error {
	var a arrays
	for _, k := range slices.SortedFunc(maps.Keys(t.segments), billingKey.compare) {
		if c := t.segments[k]; *c != (billed{}) {
			a.add(time.Unix(k.hour, 0), k.dim, k.duplicate, c.accepted, c.inDoubt)
		}
	}
	_, err := a.exec(ctx, tx, `INSERT INTO harkara.billing AS t SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::boolean[], $4::bigint[],
		$5::bigint[]) ON CONFLICT (hour, dim, possible_duplicate) DO UPDATE
		SET accepted = t.accepted + excluded.accepted, in_doubt = t.in_doubt + excluded.in_doubt`)
	return err
}

func (k tallyKey) compare(o tallyKey) int {
	return cmp.Or(cmp.Compare(k.hour, o.hour), cmp.Compare(k.dim, o.dim), cmp.Compare(k.outcome, o.outcome), cmp.Compare(k.bucket, o.bucket))
}

func (k billingKey) compare(o billingKey) int {
	return cmp.Or(cmp.Compare(k.hour, o.hour), cmp.Compare(k.dim, o.dim), cmp.Compare(letterOf(k.duplicate), letterOf(o.duplicate)))
}
