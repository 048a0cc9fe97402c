package dlt

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRegisterLookUps(t *testing.T) {
	r := sampleRegister()
	if e, ok := r.Entity(shop); !ok || *e != (Entity{shop, "Shop", inForce}) {
		t.Errorf("entity: %+v, %v", e, ok)
	}
	if _, ok := r.Entity("110100000013"); ok {
		t.Error("an entity that is not there was found")
	}
	if h, ok := r.Header("OLDBNK", bank); !ok || *h != (HeaderRecord{"OLDBNK", bank, off}) {
		t.Errorf("header: %+v, %v", h, ok)
	}
	if _, ok := r.Header("ACMEBK", shop); ok {
		t.Error("a header was found under another entity")
	}
	tpl, ok := r.Template("1107000000000000002")
	byHeader := func(a, b Link) int { return strings.Compare(string(a.Header), string(b.Header)) }
	if !ok || !slices.IsSortedFunc(tpl.Links, byHeader) {
		t.Errorf("template: %+v, %v; want its links in order", tpl, ok)
	}
	if r.CTAs(bank) == nil || r.CTAs(shop) != nil {
		t.Error("CTAs: want those of one entity only")
	}
	if r.Version() != 7 || r.Size() != 11 {
		t.Errorf("version %d with %d templates, want 7 with 11", r.Version(), r.Size())
	}
}

func TestRegisterOrder(t *testing.T) {
	r := sampleRegister()
	var ids, headers []string
	for tpl := range r.Templates() {
		ids = append(ids, string(tpl.ID))
		if len(ids) == 7 {
			break
		}
	}
	for h := range r.Headers() {
		headers = append(headers, string(h.Header)+" "+string(h.Entity))
	}
	if len(ids) != 7 || !slices.IsSorted(ids) {
		t.Errorf("templates in order %v", ids)
	}
	if len(headers) != 9 || !slices.IsSorted(headers) {
		t.Errorf("headers in order %v", headers)
	}
}

func TestRegisterChain(t *testing.T) {
	row := func(e EntityID, smsc string, s Standing, last string) ChainRecord {
		return ChainRecord{e, smsc, []string{string(e), last}, s}
	}
	r := NewRegister(1, Contents{Chains: []ChainRecord{
		row(bank, "a", Standing{Status: Active, From: december}, "december"),
		row(bank, "a", Standing{Status: Active, To: december}, "before"),
		row(bank, "b", Standing{Status: Suspended, From: november}, "suspended"),
		row(bank, "d", Standing{Status: Active, From: november}, "older"),
		row(bank, "d", Standing{Status: Inactive, From: december, To: december.AddDate(0, 1, 0)}, "given up"),
		row(shop, "a", inNov, "shop"),
	}})
	corrected := r.With(2, Contents{Chains: []ChainRecord{
		row(bank, "a", Standing{Status: Active, From: december.UTC()}, "corrected")}})
	tests := []struct {
		in   *Register
		id   EntityID
		smsc string
		at   time.Time
		want string // the last id; empty where there is no chain
	}{
		{r, bank, "a", november, "before"},
		{r, bank, "a", december.Add(-1), "before"},
		{r, bank, "a", december, "december"},
		{corrected, bank, "a", december, "corrected"},
		{corrected, bank, "a", november, "before"},
		{r, bank, "b", december, ""},
		{r, bank, "c", december, ""},
		{r, bank, "d", december.Add(-1), "older"},
		{r, bank, "d", december, ""}, // not the one that it took the place of
		{r, bank, "d", december.AddDate(0, 1, 0), "older"},
		{r, shop, "a", november, "shop"},
		{r, shop, "a", december, ""},
		{r, later, "a", november, ""},
	}
	for _, tt := range tests {
		ids, ok := tt.in.Chain(tt.id, tt.smsc, tt.at)
		if ok != (tt.want != "") || ok && ids[len(ids)-1] != tt.want {
			t.Errorf("%s at %s, %s: %v, %v; want %q", tt.id, tt.smsc, tt.at, ids, ok, tt.want)
		}
	}
}

// A template that comes again keeps the links of its earlier version; links that come before their template wait for it.
func TestRegisterLinks(t *testing.T) {
	const id = TemplateID("1107000000000000001")
	link := func(h Header, s Standing) Link { return Link{id, h, s} }
	first := NewRegister(1, Contents{Links: []Link{link("ACMEIN", inForce)}})
	if got := first.Contents().Links; !slices.Equal(got, []Link{link("ACMEIN", inForce)}) {
		t.Errorf("links without their template: %v", got)
	}
	given := []Template{sampleTemplate(id, bank, inForce, "ACMEBK")}
	second := first.With(2, Contents{Templates: given})
	third := second.With(3, Contents{Templates: []Template{sampleTemplate(id, bank, off)}})
	fourth := third.With(4, Contents{Links: []Link{link("ACMEBK", off)}})
	tests := []struct {
		in   *Register
		want []Link
	}{
		{second, []Link{link("ACMEBK", inForce), link("ACMEIN", inForce)}},
		{third, []Link{link("ACMEBK", inForce), link("ACMEIN", inForce)}},
		{fourth, []Link{link("ACMEBK", off), link("ACMEIN", inForce)}},
	}
	for _, tt := range tests {
		if tpl, _ := tt.in.Template(id); !slices.Equal(tpl.Links, tt.want) {
			t.Errorf("version %d: links %v, want %v", tt.in.Version(), tpl.Links, tt.want)
		}
	}
	if len(given[0].Links) != 1 {
		t.Errorf("the caller's template was changed: %v", given[0].Links)
	}
	if got := fourth.Contents(); len(got.Links) != 2 {
		t.Errorf("links %v, want two", got.Links)
	}
}

// model holds the rows of a register by what they are about, the latest of each.
type model struct {
	entities  map[EntityID]Entity
	headers   map[ownedHeader]HeaderRecord
	templates map[TemplateID]Template
	links     map[string]Link
	ctas      map[string]CTA
	chains    map[string]ChainRecord
}

func newModel() *model {
	return &model{map[EntityID]Entity{}, map[ownedHeader]HeaderRecord{}, map[TemplateID]Template{}, map[string]Link{},
		map[string]CTA{}, map[string]ChainRecord{}}
}

// change draws some rows and enters them.
func (m *model) change(t *rapid.T) Contents {
	var c Contents
	entity := rapid.SampledFrom([]EntityID{bank, shop, closed})
	header := rapid.SampledFrom([]Header{"ACMEBK", "ACMEIN", "SHARED"})
	template := rapid.SampledFrom([]TemplateID{"1107000000000000001", "1107000000000000002", "1107000000000000003"})
	standing := rapid.SampledFrom([]Standing{inForce, off, inNov})
	name := rapid.StringMatching("[a-z]{3}")
	for range rapid.IntRange(0, 6).Draw(t, "rows") {
		s := standing.Draw(t, "standing")
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			e := Entity{entity.Draw(t, "entity"), name.Draw(t, "name"), s}
			c.Entities, m.entities[e.ID] = append(c.Entities, e), e
		case 1:
			h := HeaderRecord{header.Draw(t, "header"), entity.Draw(t, "entity"), s}
			c.Headers, m.headers[ownedHeader{h.Header, h.Entity}] = append(c.Headers, h), h
		case 2:
			tpl := sampleTemplate(template.Draw(t, "template"), entity.Draw(t, "entity"), s)
			c.Templates, m.templates[tpl.ID] = append(c.Templates, tpl), tpl
		case 3:
			l := Link{template.Draw(t, "template"), header.Draw(t, "header"), s}
			c.Links, m.links[fmt.Sprint(l.Template, l.Header)] = append(c.Links, l), l
		case 4:
			a := CTA{entity.Draw(t, "entity"), rapid.SampledFrom([]CTAType{CTAStatic, CTAShort}).Draw(t, "type"),
				rapid.SampledFrom([]string{"acme.in", "acme.in/x", "zip.in"}).Draw(t, "value"), name.Draw(t, "name"), s}
			c.CTAs, m.ctas[fmt.Sprint(a.Entity, a.Type, a.Value)] = append(c.CTAs, a), a
		case 5:
			h := ChainRecord{entity.Draw(t, "entity"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "smsc"),
				[]string{name.Draw(t, "id")}, s}
			c.Chains, m.chains[fmt.Sprint(h.Entity, h.SMSC, h.From)] = append(c.Chains, h), h
		}
	}
	return c
}

func values[K comparable, V any](m map[K]V) (list []V) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

// A register that grew by changes is the one that is made of all rows at once, and no earlier one changed on the way.
func TestRegisterWith(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, r := newModel(), NewRegister(0, Contents{})
		var earlier []*Register
		var were []string
		for version := range rapid.Int64Range(1, 6).Draw(t, "changes") {
			r = r.With(version+1, m.change(t))
			earlier, were = append(earlier, r), append(were, shown(t, r))
		}
		whole := NewRegister(r.Version(), Contents{Entities: values(m.entities), Headers: values(m.headers), Templates: values(m.templates),
			Links: values(m.links), CTAs: values(m.ctas), Chains: values(m.chains)})
		if got, want := shown(t, r), shown(t, whole); got != want {
			t.Fatalf("after changes\n%s\nat once\n%s", got, want)
		}
		again := NewRegister(r.Version(), r.Contents())
		if !reflect.DeepEqual(again.headers, r.headers) || shown(t, again) != shown(t, r) {
			t.Fatal("a copy by way of Contents differs")
		}
		for i, r := range earlier {
			if shown(t, r) != were[i] {
				t.Fatalf("version %d changed after it was made", r.Version())
			}
		}
	})
}

// shown is all that a register holds and what it answers, as text.
func shown(t *rapid.T, r *Register) string {
	text, err := json.Marshal(r.Contents())
	if err != nil {
		t.Fatal(err)
	}
	b := strings.Builder{}
	b.Write(text)
	for tpl := range r.Templates() {
		for _, h := range []Header{"", "ACMEBK", "ACMEIN", "SHARED"} {
			for _, at := range []time.Time{november.Add(-1), november, december} {
				g, v := r.Resolve(Query{Template: tpl.ID, Header: h, Allowed: []Header{"ACMEBK", "SHARED"}, At: at})
				fmt.Fprintln(&b, tpl.ID, h, g.Entity, g.Header, g.CTAs.Allows(URL, "acme.in/x", at), v)
			}
		}
	}
	return b.String()
}

// What a register of 100,000 templates costs in memory, when it is made and when one row changes.
func BenchmarkSnapshot(b *testing.B) {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	b.Run("new", func(b *testing.B) {
		text, err := json.Marshal(manyTemplates(100_000))
		if err != nil {
			b.Fatal(err)
		}
		before := heap()
		var c Contents // as they come from a copy: no two strings share memory
		if err := json.Unmarshal(text, &c); err != nil {
			b.Fatal(err)
		}
		var r *Register
		for b.Loop() {
			r = NewRegister(1, c)
		}
		c = Contents{}
		b.ReportMetric(float64(heap()-before)/1e6, "heap-MB")
		runtime.KeepAlive(r)
		runtime.KeepAlive(text)
	})
	b.Run("with", func(b *testing.B) {
		r := NewRegister(1, manyTemplates(100_000))
		change := Contents{Templates: []Template{sampleTemplate("1107000000000000042", bank, off)}}
		for b.Loop() {
			r.With(2, change)
		}
	})
}
