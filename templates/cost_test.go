package templates

import (
	"strings"
	"testing"

	"harkara/dlt"
	"harkara/smpp/sms"
)

func TestCosts(t *testing.T) {
	for _, tt := range []struct {
		name, content        string
		coding               sms.Coding
		least, most, unicode int
		wide                 sms.Encoding
	}{
		{name: "one short message whatever its digits", content: "{#numeric#} is your OTP -ACMEBK", least: 1, most: 1, unicode: 1},
		{name: "160 characters hold, one rupee sign makes three of it", content: strings.Repeat("x", 130) + "{#var#}",
			least: 1, most: 1, unicode: 3, wide: sms.UCS2},
		{name: "one character too many", content: strings.Repeat("x", 131) + "{#var#}", least: 1, most: 2, unicode: 3, wide: sms.UCS2},
		{name: "variables grow it", content: strings.Repeat("x", 150) + "{#var#}{#var#}", least: 1, most: 2, unicode: 4, wide: sms.UCS2},
		{name: "a text type that takes letters takes those outside GSM-7", content: strings.Repeat("x", 120) + "{#alp#}",
			least: 1, most: 1, unicode: 3, wide: sms.UCS2},
		{name: "without UCS-2 such a text is refused, not paid for", content: strings.Repeat("x", 131) + "{#var#}",
			coding: sms.Coding{Alphabets: []sms.Encoding{sms.GSM7}}, least: 1, most: 2, unicode: 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Compile(dlt.Template{ID: "1107161234567890123", Content: tt.content})
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Costs(&tt.coding, usual().Rules)
			if err != nil {
				t.Fatal(err)
			}
			if got.Least.Parts != tt.least || got.Most.Parts != tt.most || got.Unicode.Parts != tt.unicode || got.Unicode.Encoding != tt.wide {
				t.Errorf("%+v", got)
			}
		})
	}
}

// Where punctuation and signs are refused, letters still force UCS-2.
func TestCostsUnderOtherRules(t *testing.T) {
	rules := usual().Rules
	rules.Punctuation, rules.Alphanumeric = false, 41
	got, err := compile(t, strings.Repeat("x", 120)+"{#alp#}").Costs(new(sms.Coding), rules)
	if err != nil || got.Most.Parts != 2 || got.Unicode.Parts != 3 || got.Unicode.Encoding != sms.UCS2 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCostsOfATextThatCannotGo(t *testing.T) {
	c, err := Compile(dlt.Template{ID: "1107161234567890123", Content: "आपका {#numeric#}"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Costs(&sms.Coding{Alphabets: []sms.Encoding{sms.GSM7}}, usual().Rules); err == nil {
		t.Error("a Hindi text measured in GSM-7 alone")
	}
}
