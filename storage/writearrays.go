package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// arrays gathers rows for one statement that reads them with unnest: an array for each column. It is for few rows; COPY
// is for many.
type arrays struct {
	columns []pq.StringArray
}

// add appends a row of texts, numbers, booleans, keys and instants.
func (a *arrays) add(values ...any) {
	if a.columns == nil {
		a.columns = make([]pq.StringArray, len(values))
	}
	for i, v := range values {
		a.columns[i] = append(a.columns[i], elementOf(v))
	}
}

func elementOf(v any) string {
	switch v := v.(type) {
	case string:
		return storable(v)
	case time.Time: // to the microsecond, as rows.time
		return v.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// exec runs a statement with the arrays as $1, $2 and so on, and more behind them, and returns how many rows it wrote.
// Where there is no row it does nothing.
func (a *arrays) exec(ctx context.Context, tx *sql.Tx, statement string, more ...any) (int64, error) {
	if a.columns == nil {
		return 0, nil
	}
	args := make([]any, 0, len(a.columns)+len(more))
	for _, c := range a.columns {
		args = append(args, c)
	}
	result, err := tx.ExecContext(ctx, statement, append(args, more...)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
