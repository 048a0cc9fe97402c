package sms

import (
	"testing"

	"pgregory.net/rapid"
)

// Keys of made-up messages that differ in their last octets, as those of one millisecond do.
func referenceKey(n int) Key {
	return Key{0x01, 0x93, 0x52, 0x8a, 0x1c, 0x00, 0x70, 0x01, 0x80, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// TestUserReferenceStays: receipts come days after the submit_sm, across restarts and new versions.
func TestUserReferenceStays(t *testing.T) {
	for _, c := range []struct {
		key              Key
		attempt, segment int
		want             uint16
	}{
		{Key{}, 0, 0, 37069},
		{referenceKey(1), 1, 1, 45395},
		{referenceKey(1), 1, 2, 25187},
		{referenceKey(1), 2, 1, 20483},
		{referenceKey(2), 1, 1, 25516},
	} {
		if got := UserReference(c.key, c.attempt, c.segment); got != c.want {
			t.Errorf("UserReference(%s, %d, %d) = %d, want %d", c.key, c.attempt, c.segment, got, c.want)
		}
	}
}

func TestUserReferenceIsNeverZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var key Key
		copy(key[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key"))
		if UserReference(key, rapid.Int().Draw(t, "attempt"), rapid.Int().Draw(t, "segment")) == 0 {
			t.Fatal("0, which says that there is none")
		}
	})
}

// TestUserReferenceIsSpread holds the references of neighbours against chance: 65,535 thrown into as many places leave
// 36.8 % of them empty (1/e), within a percent.
func TestUserReferenceIsSpread(t *testing.T) {
	const places = 65535
	for name, reference := range map[string]func(n int) uint16{
		"keys":     func(n int) uint16 { return UserReference(referenceKey(n), 1, 1) },
		"attempts": func(n int) uint16 { return UserReference(referenceKey(1), n, 1) },
		"segments": func(n int) uint16 { return UserReference(referenceKey(1), 1, n) },
		"few of each": func(n int) uint16 {
			return UserReference(referenceKey(n/20), 1+n%20/10, 1+n%10)
		},
	} {
		taken := make(map[uint16]bool, places)
		for n := range places {
			taken[reference(n)] = true
		}
		if empty := places - len(taken); empty < places*358/1000 || empty > places*378/1000 {
			t.Errorf("%s: %d of %d references are not used, want about 36.8 %%", name, empty, places)
		}
	}
}
