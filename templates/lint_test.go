package templates

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/dlt"
	"harkara/smpp/sms"
)

var lintNow = time.Date(2026, 11, 22, 10, 0, 0, 0, dlt.IST)

const lintEntity dlt.EntityID = "1101481029384756102" // made up, as all names here

// blameless is a template in which Lint finds nothing.
func blameless() LintQuery {
	active := dlt.Standing{Status: dlt.Active}
	rules := dlt.RulesOf("")
	register := dlt.NewRegister(1, dlt.Contents{CTAs: []dlt.CTA{
		{Entity: lintEntity, Type: dlt.CTAStatic, Value: "https://acme.example", Standing: active},
		{Entity: lintEntity, Type: dlt.CTAStatic, Value: "www.acme.example/help", Standing: active},
		{Entity: lintEntity, Type: dlt.CTADynamic, Value: "https://acme.example/t?", Standing: active},
		{Entity: lintEntity, Type: dlt.CTANumber, Value: "18001234567", Standing: active},
		{Entity: lintEntity, Type: dlt.CTANumber, Value: "9812345678", Standing: active},
		{Entity: lintEntity, Type: dlt.CTAEmail, Value: "care@acme.example", Standing: active},
	}})
	return LintQuery{
		Template: &dlt.Template{
			ID: "1107161234567890123", Entity: lintEntity, Category: dlt.ServiceImplicit, Standing: active,
			Content: "{#num#} is your OTP to log in to Acme Bank. Do not share it. -ACMEBK",
			Links:   []dlt.Link{{Template: "1107161234567890123", Header: "ACMEBK", Standing: active}},
		},
		Entity: &dlt.Entity{ID: lintEntity, Name: "Acme Bank Private Limited", Standing: active},
		CTAs:   register.CTAs(lintEntity),
		Rules:  &rules,
		Codings: []NamedCoding{
			{"sim-a", &sms.Coding{}}, {"sim-b", &sms.Coding{Alphabets: []sms.Encoding{sms.Latin1, sms.UCS2}}},
		},
		At: lintNow,
	}
}

// withText sets the template's text.
func withText(content string) func(*LintQuery) {
	return func(q *LintQuery) { q.Template.Content = content }
}

// withLinks sets its headers, all in force.
func withLinks(headers ...dlt.Header) func(*LintQuery) {
	return func(q *LintQuery) {
		q.Template.Links = nil
		for _, h := range headers {
			l := dlt.Link{Template: q.Template.ID, Header: h, Standing: dlt.Standing{Status: dlt.Active}}
			q.Template.Links = append(q.Template.Links, l)
		}
	}
}

func allOf(changes ...func(*LintQuery)) func(*LintQuery) {
	return func(q *LintQuery) {
		for _, change := range changes {
			change(q)
		}
	}
}

// ofEntity sets the entity's name.
func ofEntity(entity string) func(*LintQuery) {
	return func(q *LintQuery) { q.Entity = &dlt.Entity{ID: lintEntity, Name: entity} }
}

func validTo(to time.Time) func(*LintQuery) { return func(q *LintQuery) { q.Template.To = to } }

func inCategory(c dlt.Category) func(*LintQuery) {
	return func(q *LintQuery) { q.Template.Category = c }
}

func withGSM7(q *LintQuery) {
	q.Codings = append(q.Codings, NamedCoding{"sim-c", &sms.Coding{Alphabets: []sms.Encoding{sms.GSM7}}})
}

func lintWith(change func(*LintQuery)) []dlt.Finding {
	q := blameless()
	change(&q)
	return Lint(q)
}

func TestLint(t *testing.T) {
	if found := Lint(blameless()); found != nil {
		t.Fatalf("the blameless template: %+v", found)
	}
	for _, row := range lintRows {
		t.Run(row.code, func(t *testing.T) {
			found := lintWith(row.has)
			i := slices.IndexFunc(found, func(f dlt.Finding) bool { return f.Code == row.code && f.Severity == row.severity })
			if i < 0 {
				t.Fatalf("not found; found %+v", found)
			}
			f := found[i]
			if !strings.Contains(f.Detail, row.detail) || !strings.Contains(f.Mend, row.mend) {
				t.Errorf("%+v", f)
			}
			if f.Kind != dlt.KindTemplate || f.Subject != "1107161234567890123" || f.Entity != lintEntity {
				t.Errorf("about another row: %+v", f)
			}
			for _, f := range lintWith(row.near) {
				if f.Code == row.code && f.Severity == row.severity {
					t.Errorf("the near miss: %+v", f)
				}
			}
		})
	}
}

func TestLintHeader(t *testing.T) {
	active := dlt.Standing{Status: dlt.Active}
	from := func(t time.Time) dlt.Standing { return dlt.Standing{Status: dlt.Active, From: t} }
	to := func(t time.Time) dlt.Standing { return dlt.Standing{Status: dlt.Active, To: t} }
	month := 30 * 24 * time.Hour
	seen := map[string]bool{}
	for _, tt := range []struct {
		name     string
		header   dlt.Header
		standing dlt.Standing
		lastUsed time.Time
		code     string // none where empty
		severity dlt.Severity
		detail   string
	}{
		{"used", "ACMEBK", active, lintNow.Add(time.Second - month), "", "", ""},
		{"unused", "ACMEBK", active, lintNow.Add(-month), "header_unused", dlt.Warning,
			"since 2026-10-23, 30 days ago; operators suspend"},
		{"never used", "ACMEBK", active, time.Time{}, "header_unused", dlt.Warning, "nothing was ever sent"},
		{"new", "ACMEBK", from(lintNow.Add(time.Second - month)), time.Time{}, "", "", ""},
		{"no longer new", "612345", from(lintNow.Add(-month)), time.Time{}, "header_unused", dlt.Warning, "ever"},
		{"expires", "ACMEBK", to(lintNow.Add(25 * time.Hour)), lintNow, "header_expires", dlt.Warning,
			"2026-11-23 11:00 IST, for 1 day more"},
		{"is valid longer", "ACMEBK", to(lintNow.Add(month)), lintNow, "", "", ""},
		{"suspended", "ACMEBK", dlt.Standing{Status: dlt.Suspended}, time.Time{}, "header_not_active", dlt.Error,
			"the header is suspended"},
		{"short", "ACMEB", active, lintNow, "header_length", dlt.Note, "5 letters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			record := dlt.HeaderRecord{Header: tt.header, Entity: lintEntity, Standing: tt.standing}
			found := LintHeader(&record, tt.lastUsed, lintNow)
			if tt.code == "" {
				if found != nil {
					t.Errorf("%+v", found)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("%+v", found)
			}
			f := found[0]
			if f.Code != tt.code || f.Severity != tt.severity || !strings.Contains(f.Detail, tt.detail) || f.Mend == "" ||
				f.Kind != dlt.KindHeader || f.Subject != string(tt.header) || f.Entity != lintEntity {
				t.Errorf("%+v", f)
			}
			seen[tt.code] = true
		})
	}
	for _, r := range headerRules {
		if !seen[r.code] {
			t.Errorf("no row has %s", r.code)
		}
	}
}

// TestLintCodes: the list is what is found and nothing else is; each code comes with the severity that it says at
// least once, and with none graver.
func TestLintCodes(t *testing.T) {
	gravity := []dlt.Severity{dlt.Note, dlt.Warning, dlt.Error}
	gravest := map[string]int{}
	for _, row := range lintRows {
		for _, f := range slices.Concat(lintWith(row.has), lintWith(row.near)) {
			gravest[f.Code] = max(gravest[f.Code], slices.Index(gravity, f.Severity)+1)
		}
	}
	seen := map[string]bool{}
	for _, c := range LintCodes() {
		if seen[c.Code] || c.Means == "" {
			t.Errorf("%+v stands twice, or means nothing", c)
		}
		seen[c.Code] = true
		if c.Kind == dlt.KindTemplate && gravest[c.Code] != slices.Index(gravity, c.Severity)+1 {
			t.Errorf("%s is listed as %s, found as %s at worst", c.Code, c.Severity, gravity[gravest[c.Code]-1])
		}
		delete(gravest, c.Code)
	}
	if len(gravest) > 0 {
		t.Errorf("found and not listed: %v", gravest)
	}
}

// TestLintNeverPanics: whatever the text, findings come in the order of the list, each once more the same, and all
// speak of characters that the text has.
func TestLintNeverPanics(t *testing.T) {
	order := LintCodes()
	pieces := []string{"{#var#}", "{#num#}", "{#url#}", "{#alp#}", "{#pin#}", "{#", "<#>", "<", ">", "@", "#", "%", " ", "  ",
		"\n", "\r\n", "\t", "acme.in", "@acme.in #", "https://", "/", "?", ":", ".", "-", "a@b.example", "9812345678", "+91",
		"1800", "₹", "क", "字", "🎉", "\u200b", "\ufffd", "\xff", appHash, "ACMEBK", "Acme Bank", "𞤀"}
	packed := &sms.Coding{Packed: true, Languages: []sms.Language{sms.Hindi}}
	rapid.Check(t, func(t *rapid.T) {
		q := blameless()
		q.Template.Content = strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), "") +
			rapid.OneOf(rapid.Just(""), rapid.String()).Draw(t, "rest")
		withGSM7(&q)
		q.Profile = rapid.SampledFrom([]*Profile{nil, &forApp, &forSite}).Draw(t, "profile")
		q.Codings = append(q.Codings, NamedCoding{"sim-d", packed})
		found := Lint(q)
		last := 0
		for _, f := range found {
			at := slices.IndexFunc(order, func(c LintCode) bool { return c.Code == f.Code })
			if at < last || f.Detail == "" || f.Mend == "" {
				t.Fatalf("%+v", f)
			}
			last = at
		}
		if !reflect.DeepEqual(found, Lint(q)) {
			t.Fatal("found something else the second time")
		}
	})
}

// BenchmarkLint: a usual template, and one with a word for many rules.
func BenchmarkLint(b *testing.B) {
	for _, bench := range []struct{ name, content string }{
		{"usual", "Dear {#alp#}, Rs {#num#} was debited from your Acme Bank account ending {#num#}. " +
			"Not you? Call 1800 123 4567 or see https://acme.example. -ACMEBK"},
		{"hindi", "{#var#} आपका Acme Bank ओटीपी है। यह {#var#} मिनट तक मान्य है। इसे किसी को न बताएँ। -ACMEBK"},
		{"longest", strings.Repeat("“Acme” bank’s {#var#}, https://acme.in ", 51)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			q := blameless()
			q.Template.Content = bench.content
			b.ReportAllocs()
			for b.Loop() {
				Lint(q)
			}
		})
	}
}
