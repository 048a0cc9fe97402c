package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

var keyForm = regexp.MustCompile(`^hk_acme_[a-z2-7]{32}$`)

func TestNewKey(t *testing.T) {
	key, hash := NewKey("acme")
	other, _ := NewKey("acme")
	sum := sha256.Sum256([]byte(key.Reveal()))
	if !keyForm.MatchString(key.Reveal()) || key == other || hash != hex.EncodeToString(sum[:]) {
		t.Errorf("%s %s", key.Reveal(), hash)
	}
}

func TestNewAPIKeysRefuses(t *testing.T) {
	_, good := NewKey("acme")
	for _, hash := range []string{"", good[:63], good + "00", strings.Repeat("g", 64)} {
		_, err := NewAPIKeys(map[sms.TenantID][]KeyHash{"acme": {{"old", good}, {"web", hash}}})
		if want := `tenant acme: API key "web": sha256: want the 64 digits that harkara otp key prints`; err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", hash, err, want)
		}
	}
	keys, err := NewAPIKeys(map[sms.TenantID][]KeyHash{"acme": {{"web", strings.ToUpper(good)}}})
	if err != nil || len(keys.of["acme"]) != 1 {
		t.Errorf("in capitals: %v", err)
	}
}

// TestFind: whatever tenants and keys there are, a key is its tenant's, and nothing beside a key is one. A key whose digest
// stands under another tenant is nobody's.
func TestFind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tenants := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z0-9_-]{1,12}`), 2, 4, rapid.ID).Draw(t, "tenants")
		hashes, owner := map[sms.TenantID][]KeyHash{}, map[sms.Secret]string{}
		var list []sms.Secret
		for i := range 6 {
			tenant := sms.TenantID(rapid.SampledFrom(tenants[1:]).Draw(t, "tenant")) // the first has none
			key, hash := NewKey(tenant)
			list = append(list, key)
			if rapid.Bool().Draw(t, "misplaced") {
				hashes["elsewhere"] = append(hashes["elsewhere"], KeyHash{"m", hash})
				continue
			}
			owner[key] = fmt.Sprint(tenant, " k", i)
			hashes[tenant] = append(hashes[tenant], KeyHash{fmt.Sprint("k", i), hash})
		}
		keys, err := NewAPIKeys(hashes)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range list {
			tenant, id, first := keys.find(key)
			if got, want := string(tenant)+" "+id, owner[key]; strings.TrimSpace(got) != want || first != (want != "") {
				t.Errorf("%s is of %q, first %t; want %q", key.Reveal(), got, first, want)
			}
			if _, _, first := keys.find(key); first {
				t.Error("the same key is used for the first time again")
			}
			text := key.Reveal()
			changed := []byte(text)
			changed[rapid.IntRange(0, len(text)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
			for _, wrong := range []string{string(changed), text[:len(text)-1], text + "a", strings.ToUpper(text), " " + text, "", "hk_", "hk__", text[3:],
				"hk_" + tenants[0] + text[strings.LastIndexByte(text, '_'):]} {
				if tenant, _, _ := keys.find(sms.Secret(wrong)); tenant != "" && wrong != text {
					t.Errorf("%q is a key of %s", wrong, tenant)
				}
			}
		}
	})
}

// TestWrongKeys: nobody gets in without a right key; ten wrong ones a minute from one address are answered 401, more 429,
// and a right one passes all the same.
func TestWrongKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		key := w.acme.Reveal()
		ask := func(auth string) (int, otp.Error, string) {
			resp := w.ask("GET", base, "", "Authorization: "+auth)
			if resp.StatusCode == 200 {
				read(t, resp)
				return 200, otp.Error{}, ""
			}
			_, fault := read(t, resp)
			return resp.StatusCode, fault, resp.Header.Get("WWW-Authenticate")
		}
		for range 30 { // no key is none that is wrong
			if status, fault, with := ask(""); status != 401 || fault.Code != unauthorized || with != `Bearer realm="harkara"` {
				t.Fatalf("no key: %d %v %q", status, fault, with)
			}
		}
		for i, auth := range []string{key, "Basic " + key, "Bearer", "Bearer " + key + " ", "Bearer " + key[:len(key)-1], "Bearer hk_nobody_x",
			"Bearer " + w.globex.Reveal() + "," + key, "Digest x", "Bearer hk_acme_" + strings.Repeat("a", 32), "Bearer \x00"} {
			if status, fault, with := ask(auth); status != 401 || fault.Code != unauthorized || with != `Bearer realm="harkara", error="invalid_token"` {
				t.Errorf("wrong key %d: %d %v %q", i, status, fault, with)
			}
		}
		if n := strings.Count(w.log.String(), "level="); n != 0 {
			t.Errorf("logged too early: %s", w.log.String())
		}
		time.Sleep(20 * time.Second)
		for range 30 {
			if status, fault, with := ask("Bearer hk_acme_x"); status != 429 || fault.Code != otp.Limited || fault.RetryAfter != 40 || with != "" {
				t.Fatalf("the eleventh: %d %v %q", status, fault, with)
			}
		}
		if n := strings.Count(w.log.String(), "many wrong API keys"); n != 1 {
			t.Errorf("%d warnings: %s", n, w.log.String())
		}
		for _, auth := range []string{"Bearer " + key, "bearer  " + key} {
			if status, fault, _ := ask(auth); status != 200 {
				t.Errorf("a right key: %d %v", status, fault)
			}
		}
		time.Sleep(40 * time.Second)
		if status, _, _ := ask("Bearer hk_acme_x"); status != 401 {
			t.Errorf("a minute later: %d", status)
		}
		if len(w.asked) != 2 {
			t.Errorf("the service was asked %q", w.asked)
		}
		if strings.Contains(w.log.String(), key) || strings.Contains(w.log.String(), "hk_") {
			t.Errorf("a key is in the log: %s", w.log.String())
		}
		if n := strings.Count(w.log.String(), "tenant=acme key=web"); n != 1 {
			t.Errorf("the first use was logged %d times: %s", n, w.log.String())
		}
	})
}

// TestTwoKeys: with two headers nobody can say who asks.
func TestTwoKeys(t *testing.T) {
	w := newWorld(t)
	if resp := w.ask("GET", base, "", "Authorization: Bearer "+w.acme.Reveal()+"\nBearer "+w.globex.Reveal()); resp.StatusCode != 401 {
		t.Errorf("two keys: %d", resp.StatusCode)
	}
}

func TestStrayTableIsBounded(t *testing.T) {
	s := strays{seen: map[addressBlock]*stray{}}
	now := requested
	for i := range 3 * strayTable {
		s.add(fmt.Sprintf("10.%d.%d.%d:999", i>>16, i>>8&255, i&255), now)
	}
	if len(s.seen) > strayTable+1 {
		t.Errorf("%d addresses are kept", len(s.seen))
	}
	if wait, _ := s.add("192.0.2.1:1", now); wait == 0 {
		t.Error("when the table is full, addresses that have no place share one, and have used it up")
	}
	now = now.Add(strayWindow)
	if wait, _ := s.add("192.0.2.1:1", now); wait != 0 || len(s.seen) > 2 {
		t.Errorf("a minute later: wait %d, %d addresses", wait, len(s.seen))
	}
}

func TestStrayBlocks(t *testing.T) {
	for _, tt := range []struct{ a, b string }{{"192.0.2.1:1", "[::ffff:192.0.2.1]:2"}, {"[2001:db8::1]:1", "[2001:db8::ffff:1]:1"},
		{"[fe80::1%eth0]:1", "[fe80::2%eth1]:1"}, {"pipe", "@"}} {
		if blockOf(tt.a) != blockOf(tt.b) {
			t.Errorf("%s and %s are taken for two", tt.a, tt.b)
		}
	}
	for _, tt := range []struct{ a, b string }{{"192.0.2.1:1", "192.0.2.2:1"}, {"[2001:db8::1]:1", "[2001:db8:0:1::1]:1"}, {"pipe", "192.0.2.1:1"}} {
		if blockOf(tt.a) == blockOf(tt.b) {
			t.Errorf("%s and %s are taken for one", tt.a, tt.b)
		}
	}
}
