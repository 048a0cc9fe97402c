package storage

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
)

// EnsureRoles makes harkara_writer, harkara_reader and harkara_reveal where they are missing, and gives them what they
// need; see migration 15. Where the database's user may not create roles, the error says what an administrator is to
// run: the gateway works all the same, as the user that it is.
func EnsureRoles(ctx context.Context, db *sqlx.DB) error {
	var missing []string
	if err := db.SelectContext(ctx, &missing, `SELECT * FROM harkara.ensure_roles()`); err != nil {
		return fmt.Errorf("make the roles of the database: %w", err)
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("the database has no role %s, and this user may not create it: let an administrator run "+
		"CREATE ROLE %s NOLOGIN; what each may do is granted at the next start", strings.Join(missing, ", "),
		strings.Join(missing, " NOLOGIN; CREATE ROLE "))
}
