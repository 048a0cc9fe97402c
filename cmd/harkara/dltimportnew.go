package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"harkara/dlt"
	"harkara/storage"
)

// rowAt is where an export has a row of a kind; a line may tell of several kinds.
type rowAt struct {
	kind dlt.Kind
	line int
}

// statuses are what an export says of its rows; empty where it does not, which makes a new row an active one.
func statuses(rows *dlt.Import) map[rowAt]dlt.Status {
	of := map[rowAt]dlt.Status{}
	for _, r := range rows.Entities {
		of[rowAt{dlt.KindEntity, r.Line}] = r.Value.Status
	}
	for _, r := range rows.Headers {
		of[rowAt{dlt.KindHeader, r.Line}] = r.Value.Status
	}
	for _, r := range rows.Templates {
		of[rowAt{dlt.KindTemplate, r.Line}] = r.Value.Status
	}
	for _, r := range rows.Links {
		of[rowAt{dlt.KindLink, r.Line}] = r.Value.Status
	}
	for _, r := range rows.CTAs {
		of[rowAt{dlt.KindCTA, r.Line}] = r.Value.Status
	}
	for _, r := range rows.Chains {
		of[rowAt{dlt.KindChain, r.Line}] = r.Value.Status
	}
	return of
}

// notActive says how many of the new rows of the import's kind can't be used, such as " (of which 1 rejected)"; nothing
// where all can.
func notActive(rows *dlt.Import, changes []storage.Change) string {
	of, counts := statuses(rows), map[dlt.Status]int{}
	for _, c := range changes {
		at := rowAt{c.Kind, c.Line}
		if status := cmp.Or(of[at], dlt.Active); c.New && c.Kind == rows.Kind && status != dlt.Active {
			counts[status]++
			delete(of, at) // a line with several links counts once, as in the import's numbers
		}
	}
	var said []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		said = append(said, fmt.Sprintf("%d %s", counts[status], status))
	}
	if said == nil {
		return ""
	}
	return " (of which " + strings.Join(said, ", ") + ")"
}

// newTemplate is what people want to know of a new template: its name, then where it stands.
func newTemplate(t *dlt.Template) (name, stands string) {
	if t.Name != "" {
		name = " " + excerpt([]rune(t.Name), 0)
	}
	return name, fmt.Sprintf(": %s, %s", t.Category, cmp.Or(t.Status, dlt.Active))
}
