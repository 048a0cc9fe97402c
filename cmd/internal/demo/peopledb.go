package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/cmd/internal/app"
)

// countOTP holds the database's daily report against the people's tales; no count of it may be below 0.
func (w *World) countOTP(ctx context.Context, out *OTPOutcome) error {
	db, closeDB, err := app.OpenDatabase(ctx, w.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer closeDB()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for { // events go out before their batch is committed
		var row struct{ Requested, Verified int }
		if err := db.GetContext(ctx, &row, `SELECT coalesce(sum(requested), 0) AS requested,
			coalesce(sum(verified), 0) AS verified FROM harkara.v_otp_daily`); err != nil {
			return fmt.Errorf("count challenges: %w", err)
		}
		out.InPostgres = row.Requested
		if row.Requested == out.Requested && row.Verified == out.Verified {
			return belowZero(ctx, db)
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("the database has %d challenges, %d of them verified; want %d and %d", row.Requested,
				row.Verified, out.Requested, out.Verified)
		}
	}
}

// belowZero tells of the first cell of the daily report that is less than 0.
func belowZero(ctx context.Context, db *sqlx.DB) error {
	var cell string
	err := db.GetContext(ctx, &cell, `SELECT format('%s is %s on %s for %s, %s, template %s, route %s', c.key, c.value, d.day, d.tenant, d.purpose,
		d.template, coalesce(nullif(d.route, ''), 'none'))
		FROM harkara.v_otp_daily d, jsonb_each(to_jsonb(d)) c WHERE c.value::text LIKE '-%' -- texts are in quotes
		ORDER BY d.day, d.tenant, d.purpose, d.template, d.route, c.key LIMIT 1`)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for counts below 0: %w", err)
	}
	return fmt.Errorf("the database counts below 0: %s", cell)
}
