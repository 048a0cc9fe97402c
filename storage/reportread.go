package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// errEnough ends a report whose caller wants no more rows.
var errEnough = errors.New("enough")

// reportSettings suit queries that read much and come once: compiling them costs more than it saves, and what they count
// fits in this memory.
const reportSettings = `SET LOCAL jit = off; SET LOCAL work_mem = '64MB'`

// inSnapshot yields what read emits. All its queries see one snapshot of the database, however long they take. An error
// is yielded once, as the last pair; the caller may stop early.
func inSnapshot[T any](ctx context.Context, db *sqlx.DB, what string,
	read func(ctx context.Context, tx *sqlx.Tx, emit func(T) error) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		err := func() error {
			tx, err := db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
			if err != nil {
				return err
			}
			defer tx.Rollback() // it has only read
			if _, err := tx.ExecContext(ctx, reportSettings); err != nil {
				return err
			}
			return read(ctx, tx, func(row T) error {
				if !yield(row, nil) {
					return errEnough
				}
				return nil
			})
		}()
		if err == nil || errors.Is(err, errEnough) {
			return
		}
		var none T
		// PostgreSQL and the driver have their own words for a context that is done.
		yield(none, fmt.Errorf("%s: %w", what, cmp.Or(ctx.Err(), err)))
	}
}

// each scans the rows of a query while they come from PostgreSQL, which sends as fast as they are read.
func each(ctx context.Context, tx *sqlx.Tx, query string, args []any, scan func(*sql.Rows) error) error {
	ctx, cancel := context.WithCancel(ctx)
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		cancel()
		return err
	}
	defer rows.Close()
	defer cancel() // first: it stops the query in the server, and to close rows alone would read all that is left
	for rows.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// where gathers the conditions of a query with their arguments. Conditions are texts of this package; what comes from
// outside goes into the arguments alone.
type where struct {
	conditions []string
	args       []any
}

// add adds a condition, whose %d becomes its argument's number.
func (w *where) add(condition string, value any) {
	w.args = append(w.args, value)
	w.conditions = append(w.conditions, fmt.Sprintf(condition, len(w.args)))
}

func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = $%d", value)
	}
}

// between keeps column in [from, to); a zero time bounds nothing.
func (w *where) between(column string, from, to time.Time) {
	if !from.IsZero() {
		w.add(column+" >= $%d", from)
	}
	if !to.IsZero() {
		w.add(column+" < $%d", to)
	}
}

// String returns the WHERE clause, empty where there is no condition.
func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// and returns the conditions as they go on behind another one.
func (w *where) and() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " AND " + strings.Join(w.conditions, " AND ")
}
