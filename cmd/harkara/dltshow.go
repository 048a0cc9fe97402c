package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/storage"
)

// showing is what the flags of dlt show say.
type showing struct {
	config, template, header, entity, at string
	version                              int64
	asJSON                               bool
}

func dltShowCommand() *cobra.Command {
	var s showing
	cmd := &cobra.Command{
		Use:   "show --config FILE (--template ID | --header H | --entity ID) [--version N | --at TIME]",
		Short: "A row of the register as it is, or as it was, and its history",
		Long: `Show a template with its links to headers, a header, or an entity with its headers and with the CTAs and chains that the
register had then (those of the configuration are not in it): the row as it is, or as it was at a version of the register
or at a time; then its history: VERSION, WHEN (India's time), BY whom, from which FILE and LINE it came, and what CHANGED,
of long ones the newest versions and the one that is shown; then where it is in quarantine. --json has one object a row,
with the whole history.

The version that a message was checked against is in the view harkara.v_message (register):

  harkara dlt show --config harkara.yaml --template 1107161234567890123 --version 7`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd) },
	}
	rowFlags(cmd, &s.config, &s.template, "this template, with its links", &s.header, "this header, of whichever entity")
	f := cmd.Flags()
	f.StringVar(&s.entity, "entity", "", "this entity, with its headers, CTAs and chains")
	f.Int64Var(&s.version, "version", 0, "as it was at this version of the register")
	f.StringVar(&s.at, "at", "", "as it was at this day in India (2026-11-22) or time (RFC 3339)")
	jsonFlag(cmd, &s.asJSON)
	need(cmd, "config")
	return cmd
}

func (s *showing) run(cmd *cobra.Command) error {
	if !oneOf(s.template, s.header, s.entity) {
		return usageError{fmt.Errorf("%[1]s needs one of --template, --header, --entity; see %[1]s --help", cmd.CommandPath())}
	}
	if s.version != 0 && s.at != "" {
		return usageError{fmt.Errorf("--version and --at exclude each other")}
	}
	at, err := parseTime(s.at, 1)
	if err != nil {
		return usageError{fmt.Errorf("--at: %w", err)}
	}
	return withDatabase(cmd, s.config, func(_ *app.Config, db *sqlx.DB) error {
		version := s.version
		if !at.IsZero() {
			if version, err = versionAt(cmd.Context(), db, at); err != nil {
				return err
			}
		}
		rows, err := s.rows(cmd.Context(), db, version)
		if err != nil {
			return err
		}
		return s.print(cmd, rows)
	})
}

func (s *showing) print(cmd *cobra.Command, rows []standing) error {
	for i := range rows {
		if s.asJSON {
			if err := printJSON(cmd, rows[i]); err != nil {
				return err
			}
			continue
		}
		if i > 0 {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		rows[i].print(cmd.OutOrStdout())
	}
	return nil
}

// oneOf says whether exactly one of the texts is there.
func oneOf(texts ...string) bool {
	n := 0
	for _, s := range texts {
		if s != "" {
			n++
		}
	}
	return n == 1
}

// versionAt is that of the register at a time.
func versionAt(ctx context.Context, db *sqlx.DB, at time.Time) (int64, error) {
	imports, err := storage.RegisterImports(ctx, db)
	if err != nil {
		return 0, err
	}
	for _, i := range imports { // newest first
		if i.At.Before(at) {
			return i.Version, nil
		}
	}
	return 0, fmt.Errorf("nothing was in the register before %s; see dlt imports", stamp(&at))
}
