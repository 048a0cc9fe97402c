package main

import (
	"cmp"
	"fmt"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/sheet"
	"harkara/dlt"
	"harkara/storage"
)

// importing is what the flags of dlt import say.
type importing struct {
	config, kind, entity, category, operator, by string
	accept                                       []string // ids that the user vouches for
	dryRun, asJSON                               bool
}

func dltImportCommand() *cobra.Command {
	var im importing
	cmd := &cobra.Command{
		Use:   "import --config FILE --kind KIND [--dry-run] EXPORT.csv",
		Short: "Take a portal's export, CSV or XLSX, into the register",
		Long: `Take an export into the register. Nothing there is overwritten: a row that differs is a new version of it. A running
gateway uses what was imported within two seconds. Rows that can't be taken are refused with their line, column and
reason; the others are in, and the exit status is 1. What should be looked at is said by line, as a warning or a note:
a text that is another than before (content_changed), what is active again (reactivated), and what is another operator's
than before (operator_changed): the register holds each row once, so that exports of two operators overwrite each other;
and what handsets could not fill the code in from, where otp.templates in the configuration has it that they do.
At most 50 lines each are printed of that, of what was refused, and of what a dry run would change; --json has all.

The columns of the portals of Jio, Airtel, Vi (Vilpower), BSNL and SmartPing and of MSG91 are known, in any order, and
these of our own, by --kind:

  templates  ENTITY_ID, HEADER (several separated by |), TEMPLATE_ID, TEMPLATE_NAME, TEMPLATE_CONTENT, CATEGORY;
             VAR_TYPES, VARIABLE_COUNT where there are. Entities and headers that templates name are made.
  headers    ENTITY_ID, HEADER
  entities   ENTITY_ID, ENTITY_NAME
  links      TEMPLATE_ID, HEADER
  ctas       ENTITY_ID, CTA_NAME, CTA_TYPE (url_static, url_dynamic, url_short, apk, ott, number, email), CTA_VALUE
  chains     ENTITY_ID, SMSC, CHAIN (ids separated by |, the entity's first)

A chain's SMSC is one of the configuration, and the chain is one that its scrub.operator takes; others are refused. Each
may have STATUS, OPERATOR, VALID_FROM and VALID_TO. More headings and tags go under register: in the configuration.

  harkara dlt import --config harkara.yaml --kind templates --entity 1101481029384756102 --dry-run templates.xlsx`,
		Args: exactly(1, "one EXPORT.csv or .xlsx"),
		RunE: func(cmd *cobra.Command, args []string) error { return im.run(cmd, args[0]) },
	}
	configFlag(cmd, &im.config)
	f := cmd.Flags()
	f.StringVar(&im.kind, "kind", "", "what the export holds: "+kinds())
	f.StringVar(&im.entity, "entity", "", "entity id of rows that name none")
	f.StringVar(&im.category, "category", "", "category of rows that name none")
	f.StringVar(&im.operator, "operator", "", "operator of rows that name none: airtel, vi, jio, bsnl, smartping")
	f.StringArrayVar(&im.accept, "accept", nil, "id ending in 0000 that the portal really has so; repeat for each")
	f.StringVar(&im.by, "by", "", "who imports, for the register's history (default the user of this machine)")
	f.BoolVar(&im.dryRun, "dry-run", false, "only show what would change")
	jsonFlag(cmd, &im.asJSON)
	need(cmd, "config", "kind")
	return cmd
}

func kinds() string {
	var names []string
	for _, k := range dlt.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func (im *importing) run(cmd *cobra.Command, path string) error {
	if !slices.Contains(dlt.Kinds(), dlt.Kind(im.kind)) {
		return usageError{fmt.Errorf("--kind %s can't be imported; it is one of %s", im.kind, kinds())}
	}
	defaults, err := im.defaults()
	if err != nil {
		return usageError{err}
	}
	file, err := sheet.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	by, err := whoIs(im.by)
	if err != nil {
		return err
	}
	return withDatabase(cmd, im.config, func(cfg *app.Config, db *sqlx.DB) error {
		defaults.Aliases = cfg.Aliases()
		rows, err := dlt.Read(dlt.Kind(im.kind), file.Rows(), defaults)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		smscs, err := cfg.ScrubRules()
		if err != nil {
			return err
		}
		refuseChains(rows, smscs)
		rows.Findings = append(rows.Findings, cfg.LintProfiles(rows, smscs)...)
		result, err := storage.ImportRegister(cmd.Context(), db, rows,
			storage.Source{File: filepath.Base(path), Digest: file.Digest(), By: by, At: time.Now()},
			storage.ImportOptions{DryRun: im.dryRun, Progress: progress(cmd)})
		if err != nil {
			return err
		}
		rows.Findings = append(rows.Findings, changeFindings(result.Changes)...)
		slices.SortStableFunc(rows.Findings, func(a, b dlt.RowFinding) int { return cmp.Compare(a.Line, b.Line) })
		slices.SortStableFunc(result.Refused, func(a, b dlt.RefusedRow) int { return cmp.Compare(a.Line, b.Line) })
		return im.print(cmd, path, rows, result)
	})
}

func (im *importing) defaults() (d dlt.Defaults, err error) {
	d.Accept = im.accept
	if im.entity != "" {
		if d.Entity, err = dlt.ParseEntityID(im.entity); err != nil {
			return d, fmt.Errorf("--entity: %w", err)
		}
	}
	if im.category != "" {
		if d.Category, err = dlt.ParseCategory(im.category); err != nil {
			return d, fmt.Errorf("--category: %w", err)
		}
	}
	if d.Operator, err = dlt.ParseOperator(im.operator); err != nil {
		return d, fmt.Errorf("--operator: %w", err)
	}
	return d, nil
}

// whoIs is the name that was given, or else that of the machine's user.
func whoIs(by string) (string, error) {
	if by != "" {
		return by, nil
	}
	me, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("the machine does not know its user: name who does this with --by: %w", err)
	}
	return me.Username, nil
}

// progress tells how far an import is, once a second; what is done sooner says nothing.
func progress(cmd *cobra.Command) func(done, total int) {
	last := time.Now()
	return func(done, total int) {
		if time.Since(last) < time.Second {
			return
		}
		last = time.Now()
		fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d register rows\n", done, total)
	}
}
