package otp

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNewKeyringRefuses(t *testing.T) {
	good := map[KeyID][]byte{"k1": fill(2)}
	for what, make := range map[string]func() (*Keyring, error){
		"a short index key": func() (*Keyring, error) { return NewKeyring(fill(1)[:31], "k1", good) },
		"no index key":      func() (*Keyring, error) { return NewKeyring(nil, "k1", good) },
		"a short key":       func() (*Keyring, error) { return NewKeyring(fill(1), "k1", map[KeyID][]byte{"k1": fill(2)[:16]}) },
		"a long old key": func() (*Keyring, error) {
			return NewKeyring(fill(1), "k1", map[KeyID][]byte{"k1": fill(2), "k0": make33()})
		},
		"no current key": func() (*Keyring, error) { return NewKeyring(fill(1), "k2", good) },
		"no keys at all": func() (*Keyring, error) { return NewKeyring(fill(1), "", nil) },
	} {
		if k, err := make(); err == nil || k != nil {
			t.Errorf("%s was taken", what)
		}
	}
}

func make33() []byte { return append(fill(4), 0) }

// TestIDsFindTheirSubject: the id of a challenge finds the key of its subject, whatever code key is current, and is 26 characters.
func TestIDsFindTheirSubject(t *testing.T) {
	k, rotated := keyring(t, "k1"), keyring(t, "k2")
	rapid.Check(t, func(t *rapid.T) {
		want := k.SubjectFor(tenant, number, rapid.SampledFrom([]Purpose{Login, Reset}).Draw(t, "purpose"))
		id := k.NewID(want)
		key, ok := rotated.SubjectOf(id)
		if !ok || key != want || len(id) != 26 || len(key) != 20 {
			t.Fatalf("id %s is of %s %v", id, key, ok)
		}
		if again := rotated.NewID(want); again == id {
			t.Fatalf("two challenges are %s", id)
		}
	})
}

// TestIDsHaveOneForm: what differs from an id in any way is none, or another's.
func TestIDsHaveOneForm(t *testing.T) {
	k := keyring(t, "k1")
	id := newID(k)
	key, _ := k.SubjectOf(id)
	for _, bad := range []ChallengeID{"", id[:25], id + "a", ChallengeID(strings.ToUpper(string(id))), id[:25] + "=", id[:25] + "1",
		id + "\n", "totp_" + id} {
		if got, ok := k.SubjectOf(bad); ok {
			t.Errorf("%q is of %s", bad, got)
		}
	}
	same := 0
	for _, last := range "abcdefghijklmnopqrstuvwxyz234567" { // three bits count in the last character, two must be zero
		if got, ok := k.SubjectOf(id[:25] + ChallengeID(last)); ok && got == key {
			same++
		}
	}
	if same != 1 {
		t.Errorf("%d ids stand for one challenge", same)
	}
	other, err := NewKeyring(fill(9), "k1", map[KeyID][]byte{"k1": fill(2)})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := other.SubjectOf(id); got == key {
		t.Error("another index key reads the id")
	}
}

func TestPartsDoNotRunTogether(t *testing.T) {
	k := keyring(t, "k1")
	seen := map[string][]string{}
	for _, parts := range [][]string{{"a", "bc"}, {"ab", "c"}, {"abc"}, {"abc", ""}, {"", "abc"}, {}, {""}} {
		key := k.CounterKey(parts...)
		if was, twice := seen[key]; twice || len(key) != 20 {
			t.Errorf("%q and %q have the key %s", was, parts, key)
		}
		seen[key] = parts
	}
	if key := k.CounterKey(string(tenant), number.Digits(), string(Login)); key == string(k.SubjectFor(tenant, number, Login)) {
		t.Error("a counter and a subject share their key")
	}
}

func TestSplitReadsJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringN(200, 300, -1)), 1, 8).Draw(t, "parts")
		if got, ok := split(join(parts)); !ok || !reflect.DeepEqual(got, parts) {
			t.Fatalf("%q came out as %q %v", parts, got, ok)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add(join([]string{"919999900017", "{code}", ""}))
	f.Add([]byte{5, 'a'})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if parts, ok := split(b); ok && len(join(parts)) > len(b) {
			t.Errorf("%x became more: %q", b, parts)
		}
	})
}

// TestSealedOpensForItsChallengeOnly: another challenge, another key or one changed byte opens nothing.
func TestSealedOpensForItsChallengeOnly(t *testing.T) {
	k := keyring(t, "k1")
	c := k.codes["k1"]
	vars := []string{"{code}", "", "two words"}
	sealed, err := c.sealed("one", number, vars)
	if err != nil {
		t.Fatal(err)
	}
	to, got, ok := c.opened(&Challenge{ID: "one", Sealed: sealed})
	if !ok || to != number || !reflect.DeepEqual(got, vars) {
		t.Fatalf("opened %v %q %v", to, got, ok)
	}
	if bytes.Contains(sealed, []byte(number)) || bytes.Contains(sealed, []byte("two words")) {
		t.Error("the sealed bytes hold what they seal")
	}
	if _, _, ok := c.opened(&Challenge{ID: "two", Sealed: sealed}); ok {
		t.Error("opened for another challenge")
	}
	if _, _, ok := k.codes["k2"].opened(&Challenge{ID: "one", Sealed: sealed}); ok {
		t.Error("opened with another key")
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, _, ok := c.opened(&Challenge{ID: "one", Sealed: changed}); ok {
			t.Errorf("opened with byte %d changed", i)
		}
	}
	for size := range sealed {
		if _, _, ok := c.opened(&Challenge{ID: "one", Sealed: sealed[:size]}); ok {
			t.Errorf("opened with %d bytes of %d", size, len(sealed))
		}
	}
}
