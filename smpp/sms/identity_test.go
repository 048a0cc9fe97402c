package sms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseMSISDN(t *testing.T) {
	for _, s := range []string{"+919812345678", "919812345678", "09812345678", "9812345678"} {
		if n, err := ParseMSISDN(s); n != "919812345678" || err != nil {
			t.Errorf("%q is %q, %v", s, n.Digits(), err)
		}
	}
	for s, want := range map[string]MSISDN{"6000000000": "916000000000", "9999999999": "919999999999", "9198765432": "919198765432"} {
		if n, err := ParseMSISDN(s); n != want || err != nil {
			t.Errorf("%q is %q, %v", s, n.Digits(), err)
		}
	}
	for _, s := range []string{
		"", "981234567", "98123456789", "5812345678", "0981234567", "+9109812345678", "+9819812345678", "0091981234567",
		"00919812345678", "919812345", "9212345678901", "981234567a", "98123 5678", " 9812345678", "+9812345678",
		"1234567890", "९८१२३४५६७८", "91 9812345678", "+91+919812345", "09112345678901", "0012345678",
	} {
		if n, err := ParseMSISDN(s); !errors.Is(err, ErrBadNumber) || n != "" {
			t.Errorf("%q is %q, %v", s, n.Digits(), err)
		}
	}
}

func TestMSISDNForms(t *testing.T) {
	n := MSISDN("919812345678")
	if n.Digits() != "919812345678" || n.E164() != "+919812345678" || n.Last4() != "5678" || n.String() != "********5678" {
		t.Errorf("%q, %q, %q, %q", n.Digits(), n.E164(), n.Last4(), n.String())
	}
	if MSISDN("").Last4() != "" || MSISDN("123").String() != "********" {
		t.Errorf("%q, %q", MSISDN("").Last4(), MSISDN("123").String())
	}
}

// shown prints a value in every way that a log, an error or an encoder may.
func shown(t *testing.T, v any) []string {
	t.Helper()
	var text, object bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&object, nil)).Info("m", "v", v)
	encoded, err := json.Marshal(map[string]any{"v": v})
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		fmt.Sprint(v), fmt.Sprintf("%v", v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), fmt.Sprintf("%s", v),
		fmt.Errorf("with %v", v).Error(), text.String(), object.String(), string(encoded),
	}
}

func TestSecretsNeverShow(t *testing.T) {
	type holder struct {
		Code Secret
		To   MSISDN
		Vars []Secret
	}
	h := holder{"483921", "919812345678", []Secret{"483921"}}
	for _, v := range []any{h.Code, h.To, h.Vars, &h, h, Request{To: h.To, Vars: h.Vars}, map[string]Secret{"a": h.Code}} {
		for _, s := range shown(t, v) {
			if strings.Contains(s, "483921") || strings.Contains(s, "91981234") {
				t.Errorf("%T shows as %s", v, s)
			}
		}
	}
	if h.Code.Reveal() != "483921" || h.Code.String() != "***" {
		t.Errorf("%q, %q", h.Code.Reveal(), h.Code.String())
	}
}

func TestMSISDNKeepsTheTenDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ten := rapid.StringMatching(`[6-9][0-9]{9}`).Draw(t, "ten")
		prefix := rapid.SampledFrom([]string{"", "0", "91", "+91"}).Draw(t, "prefix")
		n, err := ParseMSISDN(prefix + ten)
		if err != nil || n.E164() != "+91"+ten {
			t.Fatalf("%s, %v", n.E164(), err)
		}
	})
}

func FuzzParseMSISDN(f *testing.F) {
	for _, s := range []string{"", "+919812345678", "9812345678", "0", "+91", "91"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseMSISDN(s)
		if err != nil {
			return
		}
		if again, err := ParseMSISDN(n.E164()); again != n || err != nil || !strings.HasSuffix(s, n.Digits()[2:]) {
			t.Fatalf("%q is %q, that is %q, %v", s, n.Digits(), again.Digits(), err)
		}
	})
}
