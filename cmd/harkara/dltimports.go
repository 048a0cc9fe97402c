package main

import (
	"encoding/hex"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/storage"
)

func dltImportsCommand() *cobra.Command {
	var file string
	var form reportFlags
	cmd := &cobra.Command{
		Use:   "imports --config FILE",
		Short: "List what was imported into the register, newest first",
		Long: `List the imports: WHEN (India's time), the VERSION of the register after it, its KIND, FILE and the SHAPE that was
recognised, BY whom, how many rows were NEW, CHANGED, UNCHANGED and REFUSED, and the file's SHA256.

  harkara dlt imports --config harkara.yaml`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return form.write(cmd, func(out *report) error {
				return withDatabase(cmd, file, func(_ *app.Config, db *sqlx.DB) error {
					list, err := storage.RegisterImports(cmd.Context(), db)
					if err != nil {
						return err
					}
					return writeImports(out, list)
				})
			})
		},
	}
	configFlag(cmd, &file)
	form.add(cmd)
	need(cmd, "config")
	return cmd
}

func writeImports(out *report, list []storage.ImportRecord) error {
	err := out.head([]string{"when", "version", "kind", "file", "shape", "by", "new", "changed", "unchanged", "refused", "sha256"},
		map[int]bool{1: true, 6: true, 7: true, 8: true, 9: true})
	if err != nil {
		return err
	}
	for _, i := range list {
		sum := hex.EncodeToString(i.Digest)
		value := struct {
			storage.ImportRecord
			SHA256 string `json:"sha256"` // in place of the octets
		}{i, sum}
		err := out.row(value, stamp(&i.At), strconv.FormatInt(i.Version, 10), string(i.Kind), i.File, i.Shape, i.By,
			strconv.Itoa(i.New), strconv.Itoa(i.Changed), strconv.Itoa(i.Unchanged), strconv.Itoa(i.Refused), sum)
		if err != nil {
			return err
		}
	}
	return nil
}
