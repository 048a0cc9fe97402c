package main

import (
	"fmt"
	"io"
	"strings"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
)

// findingForm shows findings to people, on three lines each: as a table they would be far wider than a screen.
type findingForm struct{ out io.Writer }

func (f *findingForm) head([]string, map[int]bool) error { return nil }

func (f *findingForm) row(value any, _ []string) error {
	found := value.(dlt.Finding)
	of := ""
	if found.Entity != "" && string(found.Entity) != found.Subject {
		of += ", entity " + string(found.Entity)
	}
	if found.Operator != "" {
		of += ", operator " + found.Operator
	}
	_, err := fmt.Fprintf(f.out, "%s: %s: %s %s%s\n  %s\n  → %s\n", found.Severity, found.Code, found.Kind, found.Subject,
		of, found.Detail, found.Mend)
	return err
}

func (f *findingForm) end() error { return nil }

func (l *linting) writeFindings(out *report, linter *app.Linter, rows lintRows) error {
	if t, ok := out.form.(*tableForm); ok {
		out.form = &findingForm{t.out}
	}
	if err := out.head([]string{"severity", "code", "kind", "subject", "entity", "operator", "detail", "mend"}, nil); err != nil {
		return err
	}
	return l.findings(linter, rows, func(f dlt.Finding) error {
		return out.row(f, string(f.Severity), f.Code, string(f.Kind), f.Subject, string(f.Entity), f.Operator, f.Detail, f.Mend)
	})
}

// writeBoth writes one object, as the JSON of lint has always been.
func (l *linting) writeBoth(out *report, linter *app.Linter, rows lintRows) error {
	lint := app.Lint{Costs: []app.TemplateCosts{}, Findings: []dlt.Finding{}}
	for _, t := range rows.templates {
		lint.Costs = append(lint.Costs, linter.Costs(t)...)
	}
	err := l.findings(linter, rows, func(f dlt.Finding) error {
		lint.Findings = append(lint.Findings, f)
		return nil
	})
	if err != nil {
		return err
	}
	return out.row(lint)
}

func writeLintCosts(out *report, linter *app.Linter, templates []*dlt.Template) error {
	if err := out.head([]string{"template", "smscs", "encoding", "least", "most", "with UCS-2", "error"},
		map[int]bool{3: true, 4: true, 5: true}); err != nil {
		return err
	}
	for _, t := range templates {
		for _, c := range linter.Costs(t) {
			cells := []string{string(c.Template), names(c.SMSCs), "", "", "", "", "can't go there: " + c.Error}
			if c.Error == "" {
				cells = append(cells[:2], c.Most.Encoding, paid(c.Least), paid(c.Most), paid(c.Unicode), "")
			}
			if err := out.row(c, cells...); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeCodes lists what findings may be.
func writeCodes(out *report) error {
	if err := out.head([]string{"code", "kind", "severity", "means"}, nil); err != nil {
		return err
	}
	for _, c := range app.LintCodes() {
		if err := out.row(c, c.Code, string(c.Kind), string(c.Severity), c.Means); err != nil {
			return err
		}
	}
	return nil
}

// paid is how many short messages a text is, and what they cost where that is known: "2 = 0.2800".
func paid(c app.Cost) string {
	if c.Segments == 0 {
		return "can't go"
	}
	if c.Price == 0 {
		return fmt.Sprint(c.Segments)
	}
	return fmt.Sprintf("%d = %.4f", c.Segments, c.Price)
}

func names(ids []sms.SMSCID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, ", ")
}
