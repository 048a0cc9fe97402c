package templates

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// BenchmarkMatch shows that matching is linear: ns/char stays flat from 500 to 4,000 characters, for each shape of a
// template with 20 adjacent variables. "repeated" is the worst for the literals, one letter over and over; "urls"
// and "hosts" for variables that have a form, many and few stretches of the text being one; "differs" says where a text of one wrong character at the end differs.
func BenchmarkMatch(b *testing.B) {
	for _, shape := range []struct {
		name, tag, literal, value, end string
		lenient                        bool
	}{
		{name: "usual", tag: "{#var#}", literal: "abcdefghi ", value: "x"},
		{name: "repeated", tag: "{#var#}", literal: "aaaaaaaaaa", value: "a"},
		{name: "urls", tag: "{#url#}", literal: "abcdefghi ", value: "acme.example/"},
		{name: "hosts", tag: "{#url#}", literal: "a.aa.aa.a.", value: "abcdefgh.in"},
		{name: "differs", tag: "{#var#}", literal: "aaaaaaaaaa", value: "a", end: "b"},
		{name: "lenient", tag: "{#var#}", literal: "abcdefg, ", value: "x", lenient: true},
	} {
		for _, size := range []int{500, 1000, 2000, 4000} {
			b.Run(fmt.Sprintf("%s/%d", shape.name, size), func(b *testing.B) {
				c, text, s := adjacent(b, shape.tag, shape.literal, shape.value, size)
				b.ReportAllocs()
				for b.Loop() {
					var v *dlt.Violation
					if shape.lenient {
						v = c.Lenient(text, s)
					} else {
						_, v = c.Match(text+sms.Secret(shape.end), s)
					}
					if (v == nil) != (shape.end == "") {
						b.Fatal(v)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/char")
			})
		}
	}
}

// adjacent is a text of size characters that matches a template whose variables stand in its middle, 20 in a row of up
// to 120 characters each; 11 of 20 characters are theirs.
func adjacent(b *testing.B, tag, literal, value string, size int) (*Compiled, sms.Secret, Scrub) {
	s := usual()
	s.Rules.Untyped, s.Rules.URL = 120, 120
	around := strings.Repeat(literal, size*9/40/len(literal))
	c := compile(b, around+strings.Repeat(tag, 20)+around)
	values := strings.Repeat(value, size)[:size*11/20]
	return c, sms.Secret(around + values + around), s
}

// A usual message given as finished text.
func BenchmarkMatchOTP(b *testing.B) {
	c, s := compile(b, benchContent), usual()
	text, v := c.Render(secrets("483921", "10"), s)
	if v != nil {
		b.Fatal(v)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, v := c.Match(text, s); v != nil {
			b.Fatal(v)
		}
	}
}

// BenchmarkScrub is all that a message costs before its route: the register's leave, the template, the checks, the text.
// A URL is checked against 100 CTAs of its entity. "cold" takes 100,000 templates in turn, so that nothing of one is in
// the processor's caches; the others are about one template.
func BenchmarkScrub(b *testing.B) {
	const templates = 100_000
	contents := many(templates + 1)
	track := &contents.Templates[templates]
	track.Content = "Track your order {#alp#} from Acme shop at {#url#} until {#var#}. -ACMEBK"
	for i := range 100 {
		types := []dlt.CTAType{dlt.CTAStatic, dlt.CTADynamic, dlt.CTAShort, dlt.CTAOTT}
		value := fmt.Sprintf("https://shop%d.acme.example/track%d%s", i%7, i, []string{"", "?", "", ""}[i%4])
		contents.CTAs = append(contents.CTAs, dlt.CTA{Entity: track.Entity, Type: types[i%4], Value: value, Standing: track.Standing})
	}
	reg := dlt.NewRegister(1, contents)
	cat, _ := NewCatalog(reg)
	rules := dlt.RulesOf(dlt.Vi)
	allowed := []dlt.Header{"ACMEBK"}
	scrub := func(id dlt.TemplateID, vars []sms.Secret) *dlt.Violation {
		q := dlt.Query{Template: id, Header: "ACMEBK", Allowed: allowed, At: time.Unix(1795000000, 0)}
		grant, v := reg.Resolve(q)
		if v != nil {
			return v
		}
		c, _ := cat.Lookup(q.Template)
		_, v = c.Render(vars, Scrub{Rules: &rules, CTAs: grant.CTAs, At: q.At})
		return v
	}
	vars := secrets("483921", "Rahul", "10")
	b.Run("otp", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if v := scrub(contents.Templates[0].ID, vars); v != nil {
				b.Fatal(v)
			}
		}
	})
	b.Run("cold", func(b *testing.B) {
		i := 0
		b.ReportAllocs()
		for b.Loop() {
			i = (i + 7919) % templates // a prime: it comes to each
			if v := scrub(contents.Templates[i].ID, vars); v != nil {
				b.Fatal(v)
			}
		}
	})
	b.Run("url", func(b *testing.B) {
		vars := secrets("AB 12345", "https://shop1.acme.example/track57?order=12345", "Friday")
		b.ReportAllocs()
		for b.Loop() {
			if v := scrub(track.ID, vars); v != nil {
				b.Fatal(v)
			}
		}
	})
}
