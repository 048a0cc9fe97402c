package dlt

import "testing"

func TestParseCategory(t *testing.T) {
	spellings := map[Category][]string{
		Transactional:   {"transactional", "Transactional", "TRANS", "DLT_TRANSACTIONAL", " Transactional ", "T"},
		ServiceImplicit: {"service_implicit", "Service Implicit", "SI", "service-implicit", "DLT_SERVICE_IMPLICT", "ServiceImplicit"},
		ServiceExplicit: {"service_explicit", "Service Explicit", "se"},
		Promotional:     {"promotional", "Promo", "P"},
		Government:      {"government", "Govt", "DLT_GOVT"},
	}
	for want, ins := range spellings {
		for _, in := range ins {
			if got, err := ParseCategory(in); got != want || err != nil {
				t.Errorf("ParseCategory(%q) = %q, %v; want %q", in, got, err, want)
			}
		}
	}
	for _, in := range []string{"", "S", "service", "OTP", "transactional promotional"} {
		if got, err := ParseCategory(in); err == nil || got != "" {
			t.Errorf("ParseCategory(%q) = %q, %v; want an error", in, got, err)
		}
	}
}
