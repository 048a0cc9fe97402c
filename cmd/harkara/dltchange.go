package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"time"

	"harkara/dlt"
	"harkara/storage"
)

// printChanges shows what an import changes, row by row and field by field, as far as shownLines go.
func printChanges(out io.Writer, rows *dlt.Import, changes []storage.Change) {
	templates := make(map[string]*dlt.Template, len(rows.Templates))
	for i := range rows.Templates {
		templates[string(rows.Templates[i].Value.ID)] = &rows.Templates[i].Value
	}
	printed, left := 0, leftOut{}
	for _, c := range changes {
		printed += 1 + len(c.Fields)
		sign, was, name, stands := "~", "changed", "", ""
		if c.New {
			sign, was = "+", "new"
			if t := templates[c.Key]; c.Kind == dlt.KindTemplate && t != nil {
				name, stands = newTemplate(t)
			}
		}
		if printed > shownLines {
			left[fmt.Sprintf("%s %s", was, c.Kind)]++
			continue
		}
		fmt.Fprintf(out, "%s %s %s%s (line %d)%s\n", sign, c.Kind, c.Key, name, c.Line, stands)
		for _, f := range c.Fields {
			fmt.Fprintln(out, "    "+difference(f))
		}
	}
	left.print(out)
}

// Of a text that changed, so many characters are shown, and so many of these before the first difference.
const (
	shownChars = 72
	leadChars  = 24
)

// difference shows a field before and after, both cut to the same part, which holds the first difference.
func difference(f storage.FieldChange) string {
	if f.Field == "from" || f.Field == "to" {
		return fmt.Sprintf("%s: %s → %s", f.Field, cmp.Or(inIndia(f.Before), "nothing"), cmp.Or(inIndia(f.After), "nothing"))
	}
	was, is := []rune(f.Before), []rune(f.After)
	same := 0
	for same < min(len(was), len(is)) && was[same] == is[same] {
		same++
	}
	return fmt.Sprintf("%s: %s → %s", f.Field, excerpt(was, same), excerpt(is, same))
}

// excerpt quotes the part of a text that holds the character at, or its end, so that blanks and line breaks are seen.
func excerpt(text []rune, at int) string {
	if len(text) == 0 {
		return "nothing"
	}
	from := 0
	if len(text) > shownChars {
		from = max(0, min(at-leadChars, len(text)-shownChars))
	}
	to := min(len(text), from+shownChars)
	quoted := strconv.Quote(string(text[from:to]))
	if from > 0 {
		quoted = "…" + quoted
	}
	if to < len(text) {
		quoted += "…"
	}
	return quoted
}

// inIndia writes a time of the register's rows as India's; what is none stays as it is.
func inIndia(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return stamp(&t)
}
