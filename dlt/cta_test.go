package dlt

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// whitelist is made of "type value", of one entity and in force.
func whitelist(rows ...string) *CTAs {
	var list []CTA
	for _, row := range rows {
		typ, value, _ := strings.Cut(row, " ")
		list = append(list, CTA{Type: CTAType(typ), Value: value, Standing: Standing{Status: Active}})
	}
	return (*CTAs)(nil).with(list)
}

func TestCTAsAllows(t *testing.T) {
	c := whitelist(
		"url_static https://acme.in/offers", "url_static acme.in/Terms", "url_static acme.in", "url_static acme.in:8443/a",
		"url_dynamic https://acme.in/track?", "url_dynamic bank.acme.in?",
		"url_short acm.in", "url_short https://t.acme.in/x", "url_short s.acme.in/y/",
		"apk https://acme.in/app/acme.apk",
		"ott wa.me/919812345678", "ott api.whatsapp.com/send?phone=919812345678", "ott t.me/acme/", "ott m.me/acme?ref=",
		"number 9812345678", "number 1123456789", "number 18001234567", "number 1401234567",
		"email care@acme.in", "email Help@acme.in", "email medium.com/@acme.in",
		"url_static medium.com/@zip.in", "url_dynamic dyn.acme.in/d", "email ", "number ")
	tests := []struct {
		typ   VarType
		value string
		want  bool
	}{
		// static: this URL and no other; with its scheme where it was registered with one
		{URL, "https://acme.in/offers", true},
		{URL, "HTTPS://ACME.in/offers", true},
		{URL, "http://acme.in/offers", false},
		{URL, "acme.in/offers", false},
		{URL, "https://acme.in/Offers", false},
		{URL, "https://acme.in/offers/", false},
		{URL, "https://acme.in/offers?a=1", false},
		{URL, "https://acme.in/offers#a", false},
		{URL, "acme.in/Terms", true},
		{URL, "http://acme.in/Terms", true},
		{URL, "https://Acme.IN/Terms", true},
		{URL, "acme.in/terms", false},
		{URL, "acme.in", true},
		{URL, "acme.in/", false},
		{URL, "acme.in/other", false},
		{URL, "acme.in:8443/a", true},
		{URL, "acme.in/a", false},
		{URL, "acme.in:443/Terms", false},
		// look-alikes
		{URL, "https://acme.in.evil.com", false},
		{URL, "https://acme.in.evil.com/offers", false},
		{URL, "https://acme.in@evil.com", false},
		{URL, "https://acme.in:443@evil.com", false},
		{URL, "https://evil.com@acme.in/offers", false},
		{URL, `https://acme.in\evil`, false},
		{URL, `https://acme.in\@evil.com/offers`, false},
		{URL, "https://evil.com/acme.in/offers", false},
		{URL, "https://evil.com?acme.in", false},
		{URL, "https://evil.com#acme.in", false},
		{URL, "https://x.acme.in/offers", false},
		{URL, "https://acme.in./offers", false},
		{URL, "https://аcme.in/offers", false}, // a Cyrillic а
		{URL, "https://acme.in/offers ", false},
		{URL, "https://acm.in/a b", false},
		{URL, "https://acm.in/a\tb", false},
		{URL, `https://acm.in/a\b`, false},
		{URL, "javascript://acme.in/offers", false},
		{URL, "", false},
		// dynamic: only what follows the "?" may vary
		{URL, "https://acme.in/track?id=8841&x=/../", true},
		{URL, "https://acme.in/track?", true},
		{URL, "https://acme.in/track", false},
		{URL, "https://acme.in/track/?id=1", false},
		{URL, "https://acme.in/tracked?id=1", false},
		{URL, "https://acme.in/track#?id=1", false},
		{URL, "http://acme.in/track?id=1", false},
		{URL, "https://bank.acme.in?a", true},
		{URL, "https://bank.acme.in/?a", false},
		{URL, "https://bank.acme.in.evil.com?a", false},
		// short: the domain, or the path up to where a part of it ends
		{URL, "https://acm.in/Ab3", true},
		{URL, "acm.in", true},
		{URL, "acm.in?x", true},
		{URL, "ACM.in/a/b?c#d", true},
		{URL, "acm.in:8080/a", false},
		{URL, "acm.in.evil.com/a", false},
		{URL, "acm.information/a", false},
		{URL, "https://t.acme.in/x", true},
		{URL, "https://t.acme.in/x/1", true},
		{URL, "https://t.acme.in/x?1", true},
		{URL, "https://t.acme.in/xy", false},
		{URL, "https://t.acme.in/X/1", false},
		{URL, "t.acme.in/x/1", false},
		{URL, "https://t.acme.in/x&1", false},
		{URL, "https://t.acme.in/x/../y", false},
		{URL, "https://t.acme.in/x/%2E./y", false},
		{URL, "https://t.acme.in/x/.%2e", false},
		{URL, "https://t.acme.in/x/./y", false},
		{URL, "https://t.acme.in/x/...", true},
		{URL, "https://t.acme.in/x/..a?/../", true},
		{URL, "s.acme.in/y/z", true},
		{URL, "s.acme.in/y", false},
		// APK: this link and no other
		{URL, "https://acme.in/app/acme.apk", true},
		{URL, "https://acme.in/app/acme.apk?v=2", false},
		{URL, "https://acme.in/app/other.apk", false},
		// OTT links, in variables for them only
		{URLOTT, "wa.me/919812345678", true},
		{URLOTT, "https://wa.me/919812345678?text=Hi", true},
		{URLOTT, "https://wa.me/9198123456789", false},
		{URLOTT, "https://wa.me/919812345678/../919999999999", false},
		{URL, "wa.me/919812345678", false},
		{URLOTT, "https://api.whatsapp.com/send?phone=919812345678", true},
		{URLOTT, "https://api.whatsapp.com/send?phone=919812345678&text=Hi", true},
		{URLOTT, "https://api.whatsapp.com/send?phone=919812345678/a", false},
		{URLOTT, "https://api.whatsapp.com/send?phone=9198123456780", false},
		{URLOTT, "https://t.me/acme/5", true},
		{URLOTT, "https://t.me/acmeevil", false},
		{URLOTT, "https://m.me/acme?ref=8841", true},
		{URLOTT, "https://m.me/acme?re", false},
		{URLOTT, "https://acme.in/offers", true}, // portals export the tag for ordinary links too
		{URLOTT, "https://acme.in/track?id=1", true},
		{URLOTT, "https://acm.in/Ab3", true},
		{URLOTT, "https://evil.com/", false},
		// numbers, by their digits
		{CBN, "9812345678", true},
		{CBN, "+919812345678", true},
		{CBN, "919812345678", true},
		{CBN, "09812345678", true},
		{CBN, "+91 98123-45678", true},
		{CBN, "9812345679", false},
		{CBN, "011-2345 6789", true},
		{CBN, "1123456789", true},
		{CBN, "+91 11 2345 6789", true},
		{CBN, "1800-123-4567", true},
		{CBN, "0 1800 123 4567", true},
		{CBN, "+18001234567", false}, // the same digits in another country
		{CBN, "+9812345678", false},
		{CBN, "+098123 45678", false},
		{CBN, "+1123456789", false},
		{CBN, "1401234567", true},
		{CBN, "981234567", false},
		{CBN, "98123456789", false},
		{CBN, "", false},
		{CBN, "9812345678x", false},
		// addresses, by case before the at sign
		{Email, "care@acme.in", true},
		{Email, "care@ACME.in", true},
		{Email, "Care@acme.in", false},
		{Email, "Help@acme.in", true},
		{Email, "care@acme.in.evil.com", false},
		{Email, "care@evil.com@acme.in", false},
		{Email, "xcare@acme.in", false},
		{URL, "medium.com/@acme.in", false},  // an address that looks like a URL
		{Email, "medium.com/@zip.in", false}, // and a URL that looks like an address
		{URL, "medium.com/@zip.in", true},
		{Email, "", false},
		// a dynamic URL that no portal would have taken
		{URL, "dyn.acme.in/d", true},
		{URL, "dyn.acme.in/d?a", false},
		{URL, "dyn.acme.in/d/a", false},
		// of other types nothing is whitelisted
		{Untyped, "acme.in", false},
		{CBN, "acme.in", false},
		{URL, "9812345678", false},
	}
	for _, tt := range tests {
		if got := c.Allows(tt.typ, tt.value, time.Time{}); got != tt.want {
			t.Errorf("%s %q: %v, want %v", tt.typ, tt.value, got, tt.want)
		}
		if (*CTAs)(nil).Allows(tt.typ, tt.value, time.Time{}) {
			t.Errorf("%s %q was allowed where nothing is whitelisted", tt.typ, tt.value)
		}
	}
}

func TestCTAsStanding(t *testing.T) {
	from, to := time.Date(2026, 11, 1, 0, 0, 0, 0, IST), time.Date(2026, 12, 1, 0, 0, 0, 0, IST)
	old := (*CTAs)(nil).with([]CTA{
		{Type: CTAStatic, Value: "acme.in/a", Standing: Standing{Status: Active, From: from, To: to}},
		{Type: CTAStatic, Value: "acme.in/b", Standing: Standing{Status: Suspended}},
		{Type: CTANumber, Value: "9812345678", Standing: Standing{Status: Active, To: from}},
		{Type: CTAShort, Value: "not a URL", Standing: Standing{Status: Active}},
	})
	renewed := old.with([]CTA{
		{Type: CTAStatic, Value: "acme.in/a", Name: "first", Standing: Standing{Status: Active}},
		{Type: CTAStatic, Value: "acme.in/a", Name: "second", Standing: Standing{Status: Active, To: from}},
		{Type: CTADynamic, Value: "acme.in/b?", Standing: Standing{Status: Active}},
	})
	tests := []struct {
		of    *CTAs
		typ   VarType
		value string
		at    time.Time
		want  bool
	}{
		{old, URL, "acme.in/a", from.Add(-1), false},
		{old, URL, "acme.in/a", from, true},
		{old, URL, "acme.in/a", to.Add(-1), true},
		{old, URL, "acme.in/a", to, false},
		{old, URL, "acme.in/b", from, false},
		{old, CBN, "9812345678", from.Add(-1), true},
		{old, CBN, "9812345678", from, false},
		{renewed, URL, "acme.in/a", from, false},
		{renewed, URL, "acme.in/a", from.Add(-1), true},
		{renewed, URL, "acme.in/b", from, false},
		{renewed, URL, "acme.in/b?c", from, true},
		{old, URL, "acme.in/b?c", from, false},
	}
	for _, tt := range tests {
		if got := tt.of.Allows(tt.typ, tt.value, tt.at); got != tt.want {
			t.Errorf("%s %q at %s: %v, want %v", tt.typ, tt.value, tt.at, got, tt.want)
		}
	}
	if len(renewed.rows) != 5 {
		t.Errorf("%d rows, want 5: equal ones replace each other", len(renewed.rows))
	}
}

// Whatever may be registered is allowed as it was registered, and its canonical form is that of itself.
func TestCTACanonical(t *testing.T) {
	kinds := map[CTAType]VarType{CTAStatic: URL, CTADynamic: URL, CTAShort: URL, CTAAPK: URL, CTAOTT: URLOTT, CTANumber: CBN,
		CTAEmail: Email}
	urls := rapid.StringMatching(`([hH][tT]tps?://)?([aA]cme\.in|t\.me|wa\.me)(:[0-9]{1,4})?` +
		`(/[a-zA-Z0-9.%&=@-]{0,4}){0,3}(\.apk)?\??([a-z=&]{0,3})`)
	numbers := rapid.StringMatching(`(\+?91|0)?[ -]?(1[48]0|98)[0-9]{2}[ -]?[0-9]{3,6}`)
	emails := rapid.StringMatching(`[a-cA-C.+]{1,5}@[aA]cme\.(in|COM)`)
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(slices.Sorted(maps.Keys(kinds))).Draw(t, "type")
		from := urls
		switch typ {
		case CTANumber:
			from = numbers
		case CTAEmail:
			from = emails
		}
		value := strings.TrimSpace(from.Draw(t, "value"))
		canonical, err := ParseCTA(typ, value)
		if err != nil {
			t.Skip(err)
		}
		if again, err := ParseCTA(typ, canonical); err != nil || again != canonical {
			t.Fatalf("%s %q: canonical %q becomes %q, %v", typ, value, canonical, again, err)
		}
		for _, registered := range []string{value, canonical} {
			if !whitelist(string(typ)+" "+registered).Allows(kinds[typ], value, time.Time{}) {
				t.Fatalf("%s %q is not allowed where %q is registered", typ, value, registered)
			}
		}
	})
}

// However a URL goes on after or before what is registered, it is allowed only where its host is the registered one.
func TestCTAHostHolds(t *testing.T) {
	c := whitelist("url_short acme.in", "url_dynamic acme.in/t?", "url_static acme.in/s", "ott acme.in/o")
	piece := rapid.SampledFrom([]string{"acme.in", "ACME.IN", "evil.com", ".", "/", "?", "#", "@", ":", "\\", "//", "https://",
		"http:", "t", "s", "o", "..", "%2e", "%2F", "80", "&", "="})
	rapid.Check(t, func(t *rapid.T) {
		value := strings.Join(rapid.SliceOfN(piece, 1, 7).Draw(t, "pieces"), "")
		if !c.Allows(URLOTT, value, time.Time{}) {
			return
		}
		rest := strings.ToLower(value)
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, "https://"), "http://")
		after, ok := strings.CutPrefix(rest, "acme.in")
		if !ok || after != "" && !strings.ContainsRune("/?#", rune(after[0])) {
			t.Fatalf("%q was allowed", value)
		}
	})
}

func manyCTAs(n int) *CTAs {
	rows := []string{"url_static https://acme.in/offers", "url_dynamic https://acme.in/track?", "url_short acm.in",
		"ott wa.me/919812345678", "number 18001234567", "email care@acme.in"}
	for i := len(rows); i < n; i++ {
		rows = append(rows, fmt.Sprintf("url_static https://acme.in/page/%d", i))
	}
	return whitelist(rows...)
}

// allowedCTAs are values that pass, for what passing costs.
var allowedCTAs = []struct {
	name  string
	typ   VarType
	value string
}{
	{"static", URL, "https://acme.in/offers"}, {"dynamic", URL, "https://acme.in/track?id=8841&src=sms"},
	{"short", URL, "https://acm.in/Ab3dE"}, {"ott", URLOTT, "https://wa.me/919812345678?text=Hi"},
	{"number", CBN, "1800-123-4567"}, {"email", Email, "care@acme.in"},
	{"longest", URL, "https://acm.in" + strings.Repeat("/", 106)},
}

func TestCTAsAllocate(t *testing.T) {
	c := manyCTAs(1000)
	for _, tt := range allowedCTAs {
		if n := testing.AllocsPerRun(100, func() { c.Allows(tt.typ, tt.value, time.Time{}) }); n != 0 {
			t.Errorf("%s: %v allocations for a value that passes, want none", tt.name, n)
		}
	}
}

func BenchmarkCTAs(b *testing.B) {
	c := manyCTAs(1000)
	for _, bb := range allowedCTAs {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !c.Allows(bb.typ, bb.value, time.Time{}) {
					b.Fatal("not allowed")
				}
			}
		})
	}
}
