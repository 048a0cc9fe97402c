package templates

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"harkara/dlt"
	"harkara/smpp/sms"
)

const profileCode = "483921"

func TestProfileCheckText(t *testing.T) {
	const head = "483921 is your OTP. -ACMEBK"
	long := strings.Repeat("x", retrieverMost-len("483921  "+appHash))
	for _, tt := range []struct {
		name    string
		profile Profile
		text    string
		says    string // of the error; empty: none
	}{
		{"hash behind a space", forApp, head + " " + appHash, ""},
		{"hash on a line of its own", forApp, head + "\n" + appHash, ""},
		{"hash behind CRLF", forApp, head + "\r\n" + appHash, ""},
		{"with the old prefix", forApp, "<#> " + head + " " + appHash, ""},
		{"no hash", forApp, head, "last word"},
		{"no space before it", forApp, head + appHash, "last word"},
		{"a space behind it", forApp, head + " " + appHash + " ", "last word"},
		{"a full stop behind it", forApp, head + " " + appHash + ".", "last word"},
		{"another app's", forApp, head + " FA+9qCX9VSv", "last word"},
		{"in another case", forApp, head + " " + strings.ToLower(appHash), "last word"},
		{"in the middle", forApp, appHash + " " + head, "last word"},
		{"nothing", forApp, "", "last word"},
		{"140 bytes", forApp, "483921 " + long + " " + appHash, ""},
		{"141 bytes", forApp, "483921 x" + long + " " + appHash, "the text has 141"},
		{"139 characters, 141 bytes", forApp, "483921 ₹" + long[2:] + " " + appHash, "the text has 141"},
		{"line for the site", forSite, head + "\n@www.acme.example #" + profileCode, ""},
		{"behind CRLF", forSite, head + "\r\n@www.acme.example #" + profileCode, ""},
		{"behind an empty line", forSite, head + "\n\n@www.acme.example #" + profileCode, ""},
		{"longer than 140 bytes", forSite, strings.Repeat("x", 200) + "\n@www.acme.example #" + profileCode, ""},
		{"no line", forSite, head, "last line"},
		{"not a line of its own", forSite, head + " @www.acme.example #" + profileCode, "last line"},
		{"a break behind it", forSite, head + "\n@www.acme.example #" + profileCode + "\n", "last line"},
		{"another site's", forSite, head + "\n@acme.example #" + profileCode, "last line"},
		{"another code", forSite, head + "\n@www.acme.example #483922", "last line"},
		{"the code and more", forSite, head + "\n@www.acme.example #" + profileCode + "1", "last line"},
		{"two spaces", forSite, head + "\n@www.acme.example  #" + profileCode, "last line"},
		{"a frame's domain too", forSite, head + "\n@www.acme.example #" + profileCode + " @pay.example", "last line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.profile.CheckText(sms.Secret(tt.text), profileCode)
			switch {
			case (err == nil) != (tt.says == ""):
				t.Errorf("%v, want %q", err, tt.says)
			case err != nil && (!strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), profileCode)):
				t.Errorf("%v, want %q and nothing of the text", err, tt.says)
			}
		})
	}
}

func TestProfileCheckTemplate(t *testing.T) {
	rules := dlt.RulesOf("")
	for _, tt := range []struct {
		name    string
		profile Profile
		content string
		want    []string // codes and severities
	}{
		{"fit for the app", forApp, "{#num#} is your OTP. -ACMEBK " + appHash, nil},
		{"fit for the site", forSite, shortOTP + "\n@www.acme.example #{#num#}", nil},
		{"unfit", forSite, shortOTP, []string{"profile_unfit error"}},
		{"unfit and too long", forApp, strings.Repeat("Acme Bank ", 14) + "{#num#}",
			[]string{"retriever_too_long warning", "profile_unfit error"}},
		{"long where its variables are", forApp,
			"{#var#} is your OTP for Acme Bank until {#var#}. Do not share it with anyone. -ACMEBK " + appHash,
			[]string{"retriever_too_long note"}},
		{"other faults are Lint's", forApp, "{#num#}  is your OTP " + appHash, nil},
		{"unreadable", forApp, "{#num is your OTP", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range tt.profile.CheckTemplate(&dlt.Template{ID: "1107161234567890123", Content: tt.content}, &rules) {
				got = append(got, f.Code+" "+string(f.Severity))
				if f.Subject != "1107161234567890123" || f.Kind != dlt.KindTemplate {
					t.Errorf("about another row: %+v", f)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzProfile asks that a text that passes ends as the handset wants it, that no error tells of the code, and that a
// template in which nothing is found renders to a text that passes when its variables are filled accordingly.
func FuzzProfile(f *testing.F) {
	f.Add("483921 is your OTP\n@www.acme.example #483921", "{#num#} is your OTP\n@www.acme.example #{#num#}")
	f.Add("483921 is your OTP FA+9qCX9VSu", "{#num#} is your OTP FA+9qCX9VSu")
	f.Add("483921\u00a0FA+9qCX9VSu", "{#num#}\u00a0{#var#}")
	f.Add("FA+9qCX9VSu", "{#alp#} {#alp#}")
	f.Add("@www.acme.example #483921", "{#var#}\r@{#url#} #{#alp#}")
	f.Add("\xffFA+9qCX9VSu", "{#var#}\n\r\n@{#var#} #{#var#}")
	f.Fuzz(func(t *testing.T, text, content string) {
		for _, p := range []Profile{forApp, forSite} {
			passes(t, p, text)
			fills(t, p, content)
		}
	})
}

func passes(t *testing.T, p Profile, text string) {
	err := p.CheckText(sms.Secret(text), profileCode)
	switch {
	case err != nil && strings.Contains(err.Error(), profileCode):
		t.Errorf("the code is in the clear: %v", err)
	case err == nil && p.Kind == Android && (len(text) > 140 || !strings.HasSuffix(text, appHash)):
		t.Errorf("%q passes for an app", text)
	case err == nil && p.Kind == Web &&
		!strings.HasSuffix("\n"+strings.ReplaceAll(text, "\r", "\n"), "\n@www.acme.example #483921"):
		t.Errorf("%q passes for a site", text)
	}
}

// fills renders a template that the profile has nothing against.
func fills(t *testing.T, p Profile, content string) {
	rules := dlt.RulesOf("")
	template := dlt.Template{Content: content}
	c, err := Compile(template)
	if err != nil || p.CheckTemplate(&template, &rules) != nil {
		return
	}
	vars := make([]sms.Secret, len(c.Slots()))
	for i := range vars {
		vars[i] = profileCode
	}
	last := len(vars) - 1
	text := strings.Join(c.stored.literals, "\x00")
	if p.Kind == Android && strings.HasSuffix(text, "\x00") {
		vars[last] = appHash
	}
	if p.Kind == Web && strings.HasSuffix(text, "@\x00 #\x00") {
		vars[last-1] = sms.Secret(p.Domain)
	}
	rules.CTA = false
	rendered, v := c.Render(vars, Scrub{Rules: &rules})
	if v != nil || utf8.RuneCountInString(rendered.Reveal()) > 140 && p.Kind == Android {
		return // a variable of a type that holds no code, or a text that is too long with this one
	}
	if err := p.CheckText(rendered, profileCode); err != nil {
		t.Errorf("%q renders to %q: %v", content, rendered.Reveal(), err)
	}
}
