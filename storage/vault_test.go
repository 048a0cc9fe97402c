package storage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"harkara/smpp/sms"
)

func openVault(t testing.TB, dir string) *Vault {
	t.Helper()
	v, err := OpenVault(dir)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// drawNumbers returns two numbers, often the same. The numbers here are made up.
func drawNumbers(t *rapid.T) (a, b sms.MSISDN) {
	number := rapid.StringMatching(`91[6-9][0-9]{9}`)
	a = sms.MSISDN(number.Draw(t, "a"))
	if rapid.Bool().Draw(t, "twice") {
		return a, a
	}
	return a, sms.MSISDN(number.Draw(t, "b"))
}

func TestVaultKeepsItsKey(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new", "data")
	v := openVault(t, data)
	for path, want := range map[string]os.FileMode{"keys": 0o700, "keys/master.key": 0o600} {
		info, err := os.Stat(filepath.Join(data, path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", path, info.Mode().Perm(), err, want)
		}
	}
	files, err := os.ReadDir(filepath.Join(data, "keys"))
	if err != nil || len(files) != 1 {
		t.Errorf("keys holds %v, %v; want the master key alone", files, err)
	}
	const n = sms.MSISDN("919800000001")
	again := openVault(t, data)
	if got, err := again.Open(v.Seal(n)); err != nil || got != n {
		t.Errorf("opened again: %v, %v", got, err)
	}
	if !bytes.Equal(v.Digest(n), again.Digest(n)) || !bytes.Equal(v.TextDigest("acme", "x"), again.TextDigest("acme", "x")) {
		t.Error("opened again, the digests are others")
	}
}

func TestVaultsOpenedAtOnceShareOneKey(t *testing.T) {
	data := t.TempDir()
	const n = sms.MSISDN("919800000001")
	sealed := make([][]byte, 16)
	var wg sync.WaitGroup
	for i := range sealed {
		wg.Go(func() {
			v, err := OpenVault(data)
			if err != nil {
				t.Error(err)
				return
			}
			sealed[i] = v.Seal(n)
		})
	}
	wg.Wait()
	for i, s := range sealed {
		if !bytes.Equal(s, sealed[0]) {
			t.Errorf("vault %d has another key than vault 0", i)
		}
	}
}

func TestVaultRefusesUnsoundKeys(t *testing.T) {
	sound := strings.Repeat("0f", masterKeySize) + "\n"
	tests := []struct {
		name, key string
		file      os.FileMode
		folder    os.FileMode
		want      string // in the error; empty: none
	}{
		{"sound", sound, 0o600, 0o700, ""},
		{"sound, with a DOS line end", strings.TrimSpace(sound) + "\r\n", 0o400, 0o700, ""},
		{"file that others may read", sound, 0o604, 0o700, "chmod 600"},
		{"folder that others may enter", sound, 0o600, 0o710, "chmod 700"},
		{"short", sound[2:], 0o600, 0o700, "put its backup back"},
		{"long", "00" + sound, 0o600, 0o700, "put its backup back"},
		{"empty", "", 0o600, 0o700, "put its backup back"},
		{"no digits", "zz" + sound[2:], 0o600, 0o700, "put its backup back"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := t.TempDir()
			keys := filepath.Join(data, "keys")
			file := filepath.Join(keys, "master.key")
			err := errors.Join(os.Mkdir(keys, 0o700), os.WriteFile(file, []byte(tt.key), 0o600),
				os.Chmod(file, tt.file), os.Chmod(keys, tt.folder))
			if err != nil {
				t.Fatal(err)
			}
			v, err := OpenVault(data)
			if tt.want == "" {
				if err != nil || v == nil {
					t.Errorf("not opened: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if secret := strings.TrimSpace(tt.key); secret != "" && strings.Contains(err.Error(), secret[:min(8, len(secret))]) {
				t.Errorf("the error quotes the key: %v", err)
			}
			if kept, err := os.ReadFile(file); err != nil || string(kept) != tt.key {
				t.Errorf("the key file was touched: %v", err)
			}
		})
	}
}

// A known master key gives known bytes: rows of years ago have to be found and opened by later versions. The wanted
// values were computed from the definitions by another implementation of HKDF, HMAC and AES-GCM.
func TestVaultFormatStays(t *testing.T) {
	master := make([]byte, masterKeySize)
	for i := range master {
		master[i] = byte(i)
	}
	v, err := newVault(master)
	if err != nil {
		t.Fatal(err)
	}
	const n = sms.MSISDN("919812345678")
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"digest", v.Digest(n), "128f1c2f06744641095875f94050b84b"},
		{"text digest", v.TextDigest("acme", "483921 is your code"), "9a6a41a5e7de273f4de18d9252166cbb3c1f0ea3e85b480b2f7c6aa361e817aa"},
		{"sealed", v.Seal(n), "cd076a091a1b3818f5b584b8ed0af87b021c869d51681a1d9923fb97332bd85cb5ce2f1134beef54906ac46f"},
	} {
		if got := fmt.Sprintf("%x", tt.got); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestSealedNumbersOpen(t *testing.T) {
	v := openVault(t, t.TempDir())
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawNumbers(t)
		sealed := v.Seal(a)
		if got, err := v.Open(sealed); err != nil || got != a {
			t.Fatalf("opened %v, %v; want %v", got, err, a)
		}
		if len(sealed) != 44 || bytes.Contains(sealed, []byte(a.Digits())) {
			t.Fatalf("sealed: %d bytes, or the number is in them", len(sealed))
		}
		if same := bytes.Equal(sealed, v.Seal(b)); same != (a == b) {
			t.Fatalf("sealed alike: %v, numbers alike: %v", same, a == b)
		}
		if same := bytes.Equal(sealed[keyIDSize:][:nonceSize], v.Seal(b)[keyIDSize:][:nonceSize]); same != (a == b) {
			t.Fatalf("nonces alike: %v, numbers alike: %v", same, a == b)
		}
		bit := rapid.IntRange(0, len(sealed)*8-1).Draw(t, "bit")
		sealed[bit/8] ^= 1 << (bit % 8)
		if got, err := v.Open(sealed); got != "" || err == nil || errors.Is(err, ErrOtherKey) != (bit/8 < keyIDSize) {
			t.Fatalf("opened with bit %d changed: %v, %v", bit, got, err)
		}
	})
}

func TestOpenRefusesWhatItDidNotSeal(t *testing.T) {
	v, other := openVault(t, t.TempDir()), openVault(t, t.TempDir())
	sealed := v.Seal("919800000001")
	if _, err := other.Open(sealed); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another vault: %v, want %v", err, ErrOtherKey)
	}
	for n := range len(sealed) {
		if got, err := v.Open(sealed[:n]); got != "" || !errors.Is(err, ErrSeal) {
			t.Errorf("the first %d bytes: %v, %v; want %v", n, got, err, ErrSeal)
		}
	}
}

func TestDigestsTellApart(t *testing.T) {
	v, other := openVault(t, t.TempDir()), openVault(t, t.TempDir())
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawNumbers(t)
		if same := bytes.Equal(v.Digest(a), v.Digest(b)); same != (a == b) {
			t.Fatalf("digests alike: %v, numbers alike: %v", same, a == b)
		}
		if len(v.Digest(a)) != numberDigestSize || bytes.Equal(v.Digest(a), other.Digest(a)) {
			t.Fatal("the digest is not 16 bytes that depend on the key")
		}
		// Two ways to cut one string into tenant and text.
		both := rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00\x01")), 1, 8, -1).Draw(t, "tenant and text")
		i, j := rapid.IntRange(0, len(both)).Draw(t, "cut"), rapid.IntRange(0, len(both)).Draw(t, "other cut")
		p, q := v.TextDigest(sms.TenantID(both[:i]), sms.Secret(both[i:])), v.TextDigest(sms.TenantID(both[:j]), sms.Secret(both[j:]))
		if same := bytes.Equal(p, q); same != (i == j) || len(p) != textDigestSize {
			t.Fatalf("%d bytes; text digests alike: %v, cuts alike: %v", len(p), same, i == j)
		}
	})
	if bytes.Equal(v.TextDigest("", "919800000001")[:numberDigestSize], v.Digest("919800000001")) {
		t.Error("numbers and texts share a key")
	}
}

// Run with -race: many goroutines use one vault and get what one alone gets.
func TestVaultIsShared(t *testing.T) {
	v := openVault(t, t.TempDir())
	number := func(i int) sms.MSISDN { return sms.MSISDN(fmt.Sprintf("9198%08d", i)) }
	var digests, texts [100][]byte
	for i := range digests {
		digests[i], texts[i] = v.Digest(number(i)), v.TextDigest("acme", sms.Secret(number(i)))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range digests {
				n := number(i)
				got, err := v.Open(v.Seal(n))
				if err != nil || got != n || !bytes.Equal(v.Digest(n), digests[i]) ||
					!bytes.Equal(v.TextDigest("acme", sms.Secret(n)), texts[i]) {
					t.Errorf("number %d: %v, %v", i, got, err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkVault(b *testing.B) {
	v := openVault(b, b.TempDir())
	const n = sms.MSISDN("919812345678")
	text := sms.Secret("483921 is the OTP for your login to Acme Bank. Do not share it with anyone. It is valid for 10 minutes. - ACMEBK")
	sealed := v.Seal(n)
	for _, bb := range []struct {
		name string
		do   func()
	}{
		{"Digest", func() { v.Digest(n) }},
		{"Seal", func() { v.Seal(n) }},
		{"Open", func() { _, _ = v.Open(sealed) }},
		{"TextDigest", func() { v.TextDigest("acme", text) }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bb.do()
			}
		})
	}
}
