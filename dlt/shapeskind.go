package dlt

import (
	"fmt"
	"slices"
)

// meanings returns, folded, the headings that mean one of the columns on any portal. It looks no further than spellings
// and aliases: what a shape has beyond them means it in that portal's export alone.
func meanings(a Aliases, columns ...string) map[string]bool {
	folded := map[string]bool{}
	for _, col := range columns {
		for _, name := range slices.Concat([]string{col}, spellings[col], a.Columns[col]) {
			folded[foldHeading(name)] = true
		}
	}
	delete(folded, "")
	return folded
}

// countKnown returns how many of the headings mean a column of any kind.
func countKnown(headings []string, a Aliases) (known int) {
	all := meanings(a, Columns()...)
	for _, h := range headings {
		if all[foldHeading(h)] {
			known++
		}
	}
	return known
}

// checkKind refuses an export of templates that is read as another kind: their status and time would be taken for those
// of its headers or entities.
func checkKind(kind Kind, f fit, a Aliases) error {
	if kind == KindTemplate {
		return nil
	}
	content := meanings(a, colContent)
	for _, h := range f.unmapped {
		if content[foldHeading(h)] {
			return fmt.Errorf("this is an export of templates (it has a column %.60q): use --kind templates", h)
		}
	}
	return nil
}

// plainKind returns the kind of an export that was read as templates and is none, as it has neither their ids nor their
// texts; "" where that is not plain. The kinds that need most come first: all but links name their entity.
func plainKind(heading []string, f fit, a Aliases) Kind {
	_, hasID := f.at[colTemplate]
	_, hasContent := f.at[colContent]
	if hasID || hasContent {
		return ""
	}
	for _, kind := range []Kind{KindChain, KindCTA, KindHeader, KindEntity} {
		if _, err := fitHeading(kind, heading, Defaults{Aliases: a}); err == nil {
			return kind
		}
	}
	return ""
}
