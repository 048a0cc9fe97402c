package storage

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// vaultTime is a time of the tests' requests, in November of India.
var vaultTime = time.Date(2026, 11, 22, 10, 0, 0, 0, dlt.IST)

func openVault(t testing.TB, dir string) *Vault {
	t.Helper()
	v, err := OpenVault(dir, MasterSource{})
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

func TestVaultKeepsItsKeys(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new", "data")
	v := openVault(t, data)
	const n = sms.MSISDN("919800000001")
	sealed := v.Seal("acme", vaultTime, n)
	for path, want := range map[string]os.FileMode{"keys": 0o700, "keys/master.key": 0o600, "keys/ring.json": 0o600, "keys/ring.lock": 0o600} {
		info, err := os.Stat(filepath.Join(data, path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", path, info.Mode().Perm(), err, want)
		}
	}
	files, err := os.ReadDir(filepath.Join(data, "keys"))
	if err != nil || len(files) != 3 {
		t.Errorf("keys holds %v, %v; want master key, ring and lock", files, err)
	}
	again := openVault(t, data)
	if got, err := again.Open(sealed); err != nil || got != n {
		t.Errorf("opened again: %v, %v", got, err)
	}
	if !bytes.Equal(v.Digest("acme", vaultTime, n), again.Digest("acme", vaultTime, n)) || v.StoreKey() != again.StoreKey() ||
		!bytes.Equal(v.TextDigest("acme", vaultTime, "x"), again.TextDigest("acme", vaultTime, "x")) || v.Mark(n) != again.Mark(n) ||
		v.Verifier("a") != again.Verifier("a") {
		t.Error("opened again, keys are others")
	}
}

// Run with -race: many vaults on one folder, all asked for the same new keys at once, agree on one key for each.
func TestVaultsOpenedAtOnceShareKeys(t *testing.T) {
	data := t.TempDir()
	const n = sms.MSISDN("919800000001")
	sealed := make([][2][]byte, 16)
	var wg sync.WaitGroup
	for i := range sealed {
		wg.Go(func() {
			v, err := OpenVault(data, MasterSource{})
			if err != nil {
				t.Error(err)
				return
			}
			sealed[i] = [2][]byte{v.Seal("acme", vaultTime, n), v.Seal("zip", vaultTime, n)}
		})
	}
	wg.Wait()
	for i, s := range sealed {
		if s[0] == nil || !bytes.Equal(s[0], sealed[0][0]) || !bytes.Equal(s[1], sealed[0][1]) {
			t.Errorf("vault %d has other keys than vault 0", i)
		}
	}
	if keys := openVault(t, data).Keys(); len(keys) != 2 {
		t.Errorf("%d keys, want 2: %v", len(keys), keys)
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
			v, err := OpenVault(data, MasterSource{})
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

// goldenVault has the ring of testdata, whose master key is 00 01 ... 1f.
func goldenVault(t testing.TB) *Vault {
	t.Helper()
	data := t.TempDir()
	ring, err := os.ReadFile("testdata/ring.json")
	if err == nil {
		err = os.Mkdir(filepath.Join(data, "keys"), 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(data, "keys", "ring.json"), ring, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	putMasterKey(t, filepath.Join(data, "keys", "master.key"), 0)
	return openVault(t, data)
}

// putMasterKey writes a made-up master key whose bytes count up from the first.
func putMasterKey(t testing.TB, path string, first byte) string {
	t.Helper()
	key := make([]byte, masterKeySize)
	for i := range key {
		key[i] = first + byte(i)
	}
	text := hex.EncodeToString(key)
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return text
}

// A known ring gives known bytes: rows of years ago have to be found and opened by later versions. The ring and the wanted
// values were computed from the definitions by another implementation of HKDF, HMAC, AES-GCM and Ed25519.
func TestVaultFormatStays(t *testing.T) {
	v := goldenVault(t)
	const n = sms.MSISDN("919812345678")
	text := sms.Secret("483921 is your code")
	for _, tt := range []struct{ name, got, want string }{
		{"digest", hex.EncodeToString(v.Digest("acme", vaultTime, n)), "92c7f6bbb76c8b9f8282dc81dd4d8c51"},
		{"text digest", hex.EncodeToString(v.TextDigest("acme", vaultTime, text)), "5e72a70394ef5d94b1634c1d8de3fe6717f78908922f355acd7817cc7f50787b"},
		{"sealed", hex.EncodeToString(v.Seal("acme", vaultTime, n)), "a1a2a3a4a5a6a7a8ec5a3be9308fd4885682bfd3073b0ded7caaec9d54efa8f6240bae14e57a090406175a5d77eacdc6"},
		{"mark", fmt.Sprint(v.Mark(n)), "82"},
		{"store key", v.StoreKey(), "d8e74af8e255cdcdc8b862677535cf089c0b7ed29c23fcb3aa0eefeceb17a60e"},
		{"verifier", v.Verifier("node-1"), "harkara/node-1+cc65cd54+AUPEbQnniCagdLgF0cb2Jku+MfX5/Kqq//BdH2xqZuNa"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
	// What earlier versions sealed with the master key's own keys.
	if got, err := v.Open(unhex(t, "cd076a091a1b3818f5b584b8ed0af87b021c869d51681a1d9923fb97332bd85cb5ce2f1134beef54906ac46f")); got != n || err != nil {
		t.Errorf("sealed by an earlier version: %v, %v", got, err)
	}
	if ok, err := v.Proves("acme", vaultTime, text, unhex(t, "9a6a41a5e7de273f4de18d9252166cbb3c1f0ea3e85b480b2f7c6aa361e817aa")); !ok || err != nil {
		t.Errorf("text of an earlier version: %v, %v", ok, err)
	}
	october, september := vaultTime.AddDate(0, -1, 0), vaultTime.AddDate(0, -2, 0)
	if ok, err := v.Proves("acme", october, text, unhex(t, "272f319b16f82745b9c588601de8fda2ecc6ebe5cd90d77fb02152744b3516e9")); !ok || err != nil {
		t.Errorf("text of a month whose numbers were shredded: %v, %v", ok, err)
	}
	if ok, err := v.Proves("acme", september, text, make([]byte, 32)); ok || !errors.Is(err, ErrShredded) {
		t.Errorf("text of a month that was shredded: %v, %v", ok, err)
	}
	if _, err := v.Open(append(unhex(t, "b1b2b3b4b5b6b7b8"), make([]byte, 40)...)); !errors.Is(err, ErrShredded) {
		t.Errorf("number under a shredded key: %v", err)
	}
	legacy, own := "128f1c2f06744641095875f94050b84b", "92c7f6bbb76c8b9f8282dc81dd4d8c51"
	found := v.Digests("acme", n, october, vaultTime)
	want := "[{2026-10-01 00:00:00 +0530 IST [" + legacy + "]} {2026-11-01 00:00:00 +0530 IST [" + legacy + " " + own + "]}]"
	if got := fmt.Sprintf("%x", found); !strings.Contains(got, legacy) || len(found) != 2 || fmt.Sprintf("%x", found[1].Digests) != "["+legacy+" "+own+"]" ||
		fmt.Sprintf("%x", found[0].Digests) != "["+legacy+"]" || !found[0].Month.Equal(monthOf(october).start()) {
		t.Errorf("to search by: %s, want %s", got, want)
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealedNumbersOpen(t *testing.T) {
	v := openVault(t, t.TempDir())
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawNumbers(t)
		sealed := v.Seal("acme", vaultTime, a)
		if got, err := v.Open(sealed); err != nil || got != a {
			t.Fatalf("opened %v, %v; want %v", got, err, a)
		}
		if len(sealed) != 48 || bytes.Contains(sealed, []byte(a.Digits())) {
			t.Fatalf("sealed: %d bytes, or the number is in them", len(sealed))
		}
		if same := bytes.Equal(sealed, v.Seal("acme", vaultTime, b)); same != (a == b) {
			t.Fatalf("sealed alike: %v, numbers alike: %v", same, a == b)
		}
		if same := bytes.Equal(sealed[keyIDSize:][:nonceSize], v.Seal("acme", vaultTime, b)[keyIDSize:][:nonceSize]); same != (a == b) {
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
	sealed := v.Seal("acme", vaultTime, "919800000001")
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
	k := v.key("acme", vaultTime)
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawNumbers(t)
		if same := bytes.Equal(v.Digest("acme", vaultTime, a), v.Digest("acme", vaultTime, b)); same != (a == b) {
			t.Fatalf("digests alike: %v, numbers alike: %v", same, a == b)
		}
		if len(v.Digest("acme", vaultTime, a)) != numberDigestSize || bytes.Equal(v.Digest("acme", vaultTime, a), other.Digest("acme", vaultTime, a)) {
			t.Fatal("the digest is not 16 bytes that depend on the key")
		}
		// Two ways to cut one string into tenant and text.
		both := rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00\x01")), 1, 8, -1).Draw(t, "tenant and text")
		i, j := rapid.IntRange(0, len(both)).Draw(t, "cut"), rapid.IntRange(0, len(both)).Draw(t, "other cut")
		p, q := k.text.sum(nil, both[:i], both[i:]), k.text.sum(nil, both[:j], both[j:])
		if same := bytes.Equal(p, q); same != (i == j) || len(p) != textDigestSize {
			t.Fatalf("%d bytes; text digests alike: %v, cuts alike: %v", len(p), same, i == j)
		}
	})
	const n = "919800000001"
	if bytes.Equal(k.text.sum(nil, "", n)[:numberDigestSize], v.Digest("acme", vaultTime, n)) {
		t.Error("numbers and texts share a key")
	}
	for _, scope := range []struct {
		tenant sms.TenantID
		at     time.Time
	}{{"zip", vaultTime}, {"acme", vaultTime.AddDate(0, 1, 0)}, {"acme", vaultTime.AddDate(1, 0, 0)}} {
		if bytes.Equal(v.Digest("acme", vaultTime, n), v.Digest(scope.tenant, scope.at, n)) ||
			bytes.Equal(v.TextDigest("acme", vaultTime, n), v.TextDigest(scope.tenant, scope.at, n)) ||
			bytes.Equal(v.Seal("acme", vaultTime, n), v.Seal(scope.tenant, scope.at, n)) {
			t.Errorf("%v has the key of acme's %v", scope, monthOf(vaultTime))
		}
	}
}

// Run with -race: many goroutines use one vault and get what one alone gets.
func TestVaultIsShared(t *testing.T) {
	v := openVault(t, t.TempDir())
	number := func(i int) sms.MSISDN { return sms.MSISDN(fmt.Sprintf("9198%08d", i)) }
	var digests, texts [100][]byte
	for i := range digests {
		digests[i], texts[i] = v.Digest("acme", vaultTime, number(i)), v.TextDigest("acme", vaultTime, sms.Secret(number(i)))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range digests {
				n := number(i)
				got, err := v.Open(v.Seal("acme", vaultTime, n))
				if err != nil || got != n || !bytes.Equal(v.Digest("acme", vaultTime, n), digests[i]) ||
					!bytes.Equal(v.TextDigest("acme", vaultTime, sms.Secret(n)), texts[i]) {
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
	sealed := v.Seal("acme", vaultTime, n)
	for _, bb := range []struct {
		name string
		do   func()
	}{
		{"Digest", func() { v.Digest("acme", vaultTime, n) }},
		{"Seal", func() { v.Seal("acme", vaultTime, n) }},
		{"Open", func() { _, _ = v.Open(sealed) }},
		{"Mark", func() { v.Mark(n) }},
		{"TextDigest", func() { v.TextDigest("acme", vaultTime, text) }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bb.do()
			}
		})
	}
}
