package dlt

import (
	"strings"
	"testing"
)

func TestParseCTAType(t *testing.T) {
	spellings := map[CTAType][]string{
		CTAStatic:  {"url_static", "URL - Static", "Static URL", "static", " Static "},
		CTADynamic: {"url_dynamic", "Dynamic", "URL Dynamic", "Dynamic-URL"},
		CTAShort:   {"url_short", "Short", "Short URL"},
		CTAAPK:     {"apk", "APK", "URL/APK"},
		CTAOTT:     {"ott", "OTT", "OTT/WhatsApp", "OTT / Whatsapp", "URL (OTT)"},
		CTANumber:  {"number", "Mobile", "Landline", "Toll free", "Toll-Free Number", "140/160 series"},
		CTAEmail:   {"email", "E-mail", "Email ID"},
	}
	for want, ins := range spellings {
		for _, in := range ins {
			if got, err := ParseCTAType(in); got != want || err != nil {
				t.Errorf("ParseCTAType(%q) = %q, %v; want %q", in, got, err, want)
			}
		}
	}
	for _, in := range []string{"", "URL", "link", "static dynamic"} {
		if got, err := ParseCTAType(in); err == nil || got != "" {
			t.Errorf("ParseCTAType(%q) = %q, %v; want an error", in, got, err)
		}
	}
}

func TestParseCTA(t *testing.T) {
	tests := []struct {
		typ             CTAType
		in, want, fault string
	}{
		{CTAStatic, "https://acme.in/Offers", "https://acme.in/Offers", ""},
		{CTAStatic, " HTTPS://Acme.IN/Offers ", "https://acme.in/Offers", ""},
		{CTAStatic, "acme.in", "acme.in", ""},
		{CTAStatic, "acme.in:8443/#a", "acme.in:8443/#a", ""},
		{CTAStatic, "https://acme.in/a?b=1", "", `a static URL has no "?": register it as url_dynamic`},
		{CTAStatic, "https://acme.in/a?", "", `a static URL has no "?"`},
		{CTAStatic, "https://acme.in/a/../b", "", `its path has "." or ".." for a part`},
		{CTAStatic, "https://x@acme.in/a", "", "it is not a URL"},
		{CTAStatic, "ftp://acme.in/a", "", "it is not a URL"},
		{CTAStatic, "9812345678", "", "it is not a URL"},
		{CTAStatic, "", "", "it is not a URL"},
		{CTADynamic, "https://acme.in/a?", "https://acme.in/a?", ""},
		{CTADynamic, "ACME.in?", "acme.in?", ""},
		{CTADynamic, "https://acme.in/a", "", `a dynamic URL ends in its only "?"`},
		{CTADynamic, "https://acme.in/a?b=", "", `a dynamic URL ends in its only "?"`},
		{CTADynamic, "https://acme.in/a??", "", `a dynamic URL ends in its only "?"`},
		{CTADynamic, "https://acme.in/a#?", "", `a dynamic URL ends in its only "?"`},
		{CTAShort, "acm.in", "acm.in", ""},
		{CTAShort, "https://ACM.in/x/", "https://acm.in/x/", ""},
		{CTAShort, "acm.in?", "", `a short URL is a domain`},
		{CTAShort, "acm.in#a", "", `a short URL is a domain`},
		{CTAAPK, "https://acme.in/app.apk", "https://acme.in/app.apk", ""},
		{CTAAPK, "https://acme.in/app.apk?v=1", "", "an APK link ends in .apk"},
		{CTAAPK, "https://acme.in/app.zip", "", "an APK link ends in .apk"},
		{CTAOTT, "wa.me/919812345678", "wa.me/919812345678", ""},
		{CTAOTT, "https://WA.me/919812345678?text=Hi", "https://wa.me/919812345678?text=Hi", ""},
		{CTAOTT, "wa.me/message/ABCDEF", "wa.me/message/ABCDEF", ""},
		{CTAOTT, "t.me/acme", "t.me/acme", ""},
		{CTAOTT, "wa.me", "", "a wa.me link names whom it leads to"},
		{CTAOTT, "wa.me/", "", "a wa.me link names whom it leads to"},
		{CTAOTT, "wa.me/?text=Hi", "", "a wa.me link names whom it leads to"},
		{CTAOTT, "wa.me/9812345678", "", "a wa.me number is 91 and ten digits"},
		{CTAOTT, "wa.me/915812345678", "", "a wa.me number is 91 and ten digits"},
		{CTAOTT, "wa.me/+919812345678", "", "a wa.me number is 91 and ten digits"},
		{CTAOTT, "t.me/acme#a", "", `an OTT link has no "#"`},
		{CTANumber, "9812345678", "9812345678", ""},
		{CTANumber, "+91 98123 45678", "9812345678", ""},
		{CTANumber, "09812345678", "9812345678", ""},
		{CTANumber, "919812345678", "9812345678", ""},
		{CTANumber, "9123456789", "9123456789", ""}, // 91 belongs to it
		{CTANumber, "011-23456789", "1123456789", ""},
		{CTANumber, "1401234567", "1401234567", ""},
		{CTANumber, "1601234567", "1601234567", ""},
		{CTANumber, "18001234", "18001234", ""},
		{CTANumber, "1860 500 5555", "18605005555", ""},
		{CTANumber, "911800123456", "1800123456", ""},
		{CTANumber, "91180012345", "180012345", ""},
		{CTANumber, "018001234", "18001234", ""},
		{CTANumber, "+91 1800 123 456", "1800123456", ""},
		{CTANumber, "+18005550199", "", "it is neither ten digits"}, // of another country
		{CTANumber, "+9812345678", "", "it is neither ten digits"},
		{CTANumber, "+981234567", "", "it is neither ten digits"}, // ten characters with the sign
		{CTANumber, "0981234567", "", "it is neither ten digits"},
		{CTANumber, "00123456789", "", "it is neither ten digits"},
		{CTANumber, "1800123", "", "it is not a call-back number of 8 to 12 digits"},
		{CTANumber, "981234567", "", "it is neither ten digits"},
		{CTANumber, "98123456789", "", "it is neither ten digits"},
		{CTANumber, "180012345678", "", "it is neither ten digits"},
		{CTANumber, "acme.in", "", "it is not a call-back number"},
		{CTAEmail, "Care@Acme.IN", "Care@acme.in", ""},
		{CTAEmail, "care@acme", "", "it is not an e-mail address"},
		{"url", "acme.in", "", `type "url" is not one`},
	}
	for _, tt := range tests {
		got, err := ParseCTA(tt.typ, tt.in)
		switch {
		case tt.fault == "" && (err != nil || got != tt.want):
			t.Errorf("%s %q: got %q, %v; want %q", tt.typ, tt.in, got, err, tt.want)
		case tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault) || got != ""):
			t.Errorf("%s %q: got %q, error %v; want an error with %q", tt.typ, tt.in, got, err, tt.fault)
		}
	}
}
