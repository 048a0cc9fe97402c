package storage

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"harkara/smpp/sms"
)

var errCut = errors.New("cut by the test")

// cutAt returns a hook that fails from the n-th step on, counted from 1, as if the process had ended there.
func cutAt(n int) func(string) error {
	count := 0
	return func(string) error {
		if count++; count >= n {
			return errCut
		}
		return nil
	}
}

// heed makes a vault look at the disk with its next use, as it does by itself every lookEvery.
func heed(v *Vault) { v.stale.Store(true) }

// Wherever the making of a key is cut, the next opening finds what was sealed before, and a key that has sealed is there.
func TestMakingAKeyCutAnywhere(t *testing.T) {
	const n = sms.MSISDN("919800000001")
	for step := 1; ; step++ {
		data := t.TempDir()
		v := openVault(t, data)
		before := v.Seal("acme", vaultTime, n)
		v.folder.step = cutAt(step)
		cut := v.Seal("zip", vaultTime, n)
		v.folder.step = nil
		again := openVault(t, data)
		if got, err := again.Open(before); got != n || err != nil {
			t.Fatalf("cut at step %d: what was sealed before: %v, %v", step, got, err)
		}
		if got, err := again.Open(cut); cut != nil && (got != n || err != nil) {
			t.Fatalf("cut at step %d: what was sealed with the new key: %v, %v", step, got, err)
		}
		if got, err := openVault(t, data).Open(again.Seal("zip", vaultTime, n)); got != n || err != nil {
			t.Fatalf("cut at step %d: sealed after that: %v, %v", step, got, err)
		}
		if v.trouble == nil {
			if step < 4 {
				t.Fatalf("a key was made in %d steps", step-1)
			}
			return
		}
		if !errors.Is(v.trouble, errCut) {
			t.Fatal(v.trouble)
		}
	}
}

// Wherever a rotation is cut, the next opening finds a master key and a ring that fit, and it can be done again.
func TestRotationCutAnywhere(t *testing.T) {
	const n = sms.MSISDN("919800000001")
	for step := 1; ; step++ {
		data := t.TempDir()
		v := openVault(t, data)
		sealed, storeKey := v.Seal("acme", vaultTime, n), v.StoreKey()
		v.folder.step = cutAt(step)
		cut := rotate(t, v)
		again, err := OpenVault(data, MasterSource{})
		if err != nil {
			t.Fatalf("cut at step %d: %v", step, err)
		}
		if got, err := again.Open(sealed); got != n || err != nil || again.StoreKey() != storeKey {
			t.Fatalf("cut at step %d: %v, %v", step, got, err)
		}
		if err := rotate(t, again); err != nil {
			t.Fatalf("cut at step %d, rotated again: %v", step, err)
		}
		if got, err := openVault(t, data).Open(again.Seal("acme", vaultTime, n)); got != n || err != nil {
			t.Fatalf("cut at step %d, rotated again: %v, %v", step, got, err)
		}
		if cut == nil {
			if step < 10 {
				t.Fatalf("a rotation had %d steps", step-1)
			}
			return
		}
		if !errors.Is(cut, errCut) {
			t.Fatal(cut)
		}
	}
}

// rotate is Rotate without PostgreSQL.
func rotate(t *testing.T, v *Vault) error {
	t.Helper()
	key := newMasterKey()
	next, err := newMaster(key)
	if err != nil {
		t.Fatal(err)
	}
	return v.wrapAnew(key, next)
}

// A vault in use goes on when another process rotates and makes keys.
func TestRotationBesideOthers(t *testing.T) {
	const n = sms.MSISDN("919800000001")
	data := t.TempDir()
	running, other := openVault(t, data), openVault(t, data)
	first := running.Seal("acme", vaultTime, n)
	if err := rotate(t, other); err != nil {
		t.Fatal(err)
	}
	second := running.Seal("zip", vaultTime, n) // a new key: it has to be wrapped with the new master key
	heed(other)
	last := openVault(t, data)
	for i, sealed := range [][]byte{first, second} {
		for _, v := range []*Vault{running, other, last} {
			if got, err := v.Open(sealed); got != n || err != nil {
				t.Errorf("sealed %d: %v, %v", i, got, err)
			}
		}
	}
}

// When a month begins, one write makes the keys of all tenants, however many ask at once.
func TestMonthBeginsWithOneWrite(t *testing.T) {
	const n = sms.MSISDN("919800000001")
	v := openVault(t, t.TempDir())
	tenants := []sms.TenantID{"acme", "zip", "third", "fourth"}
	for _, tenant := range tenants {
		v.Seal(tenant, vaultTime, n)
	}
	var writes atomic.Int64
	v.folder.step = func(step string) error {
		if strings.HasPrefix(step, "sync") {
			writes.Add(1)
		}
		return nil
	}
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			if v.Seal(tenants[i%len(tenants)], vaultTime.AddDate(0, 1, 0), n) == nil {
				t.Error("not sealed")
			}
		})
	}
	wg.Wait()
	if writes.Load() != 1 || len(v.Keys()) != 8 {
		t.Errorf("%d writes made %d keys, want 1 and 8", writes.Load(), len(v.Keys()))
	}
}

// A month is India's: its first key is needed at midnight there.
func TestMonths(t *testing.T) {
	for _, tt := range []struct{ at, want string }{
		{"2026-11-30T18:29:59.999Z", "2026-11"}, {"2026-11-30T18:30:00Z", "2026-12"}, {"2026-12-31T18:30:00Z", "2027-01"},
		{"2026-02-28T23:59:59+05:30", "2026-02"}, {"2026-03-01T00:00:00+05:30", "2026-03"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		m := monthOf(at)
		if back, err := parseMonth(m.String()); m.String() != tt.want || back != m || err != nil {
			t.Errorf("%s is in %s (%v), want %s", tt.at, m, err, tt.want)
		}
		if m.start().After(at) || !(m + 1).start().After(at) || monthOf(m.start()) != m {
			t.Errorf("%s begins at %s", m, m.start())
		}
	}
	for _, bad := range []string{"2026-1", "2026-13", "2026-11-01", "11-2026", "0000-01", " 2026-11"} {
		if m, err := parseMonth(bad); err == nil {
			t.Errorf("%q is %v", bad, m)
		}
	}
}

// A folder of an earlier version has a master key alone: its store's key stays, and what it sealed can be found and revealed.
func TestFolderOfAnEarlierVersion(t *testing.T) {
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	putMasterKey(t, filepath.Join(data, "keys", "master.key"), 0)
	v := openVault(t, data)
	const n = sms.MSISDN("919812345678")
	for range 2 {
		if v.StoreKey() != "9f11bc321ee80b2792894e18d1cb0b924506b4f2e9c2bfa8974451cbe269a75d" {
			t.Errorf("store key %s", v.StoreKey())
		}
		if got, err := v.Open(unhex(t, "cd076a091a1b3818f5b584b8ed0af87b021c869d51681a1d9923fb97332bd85cb5ce2f1134beef54906ac46f")); got != n || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		now := time.Now()
		found := v.Digests("acme", n, now.AddDate(0, -1, 0), now.Add(time.Hour))
		if len(found) < 2 || hex.EncodeToString(found[0].Digests[0]) != "128f1c2f06744641095875f94050b84b" {
			t.Errorf("to search by: %v", found)
		}
		if err := rotate(t, v); err != nil {
			t.Fatal(err)
		}
		v = openVault(t, data)
	}
	if fresh := v.Seal("acme", vaultTime, n); len(fresh) != 48 {
		t.Errorf("sealed anew: %d bytes", len(fresh))
	}
}

func TestMasterSources(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "given.key")
	text := putMasterKey(t, file, 1)
	other := putMasterKey(t, filepath.Join(folder, "cred"), 101)
	t.Setenv("HARKARA_TEST_MASTER", text+"\n")
	t.Setenv("HARKARA_TEST_BAD", text[:10])
	t.Setenv("CREDENTIALS_DIRECTORY", folder)
	wide := filepath.Join(folder, "wide.key")
	if err := errors.Join(os.WriteFile(wide, []byte(text), 0o600), os.Chmod(wide, 0o640)); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if _, err := OpenVault(data, MasterSource{File: file}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(data, "keys", "master.key")); err == nil {
		t.Error("a master key was made beside the one that is given")
	}
	for _, tt := range []struct {
		from MasterSource
		want string // in the error; empty: none
	}{
		{MasterSource{File: file}, ""},
		{MasterSource{Env: "HARKARA_TEST_MASTER"}, ""},
		{MasterSource{Credential: "given.key"}, ""},
		{MasterSource{}, "put it there"},
		{MasterSource{File: filepath.Join(folder, "none")}, "put it there"},
		{MasterSource{File: wide}, "chmod 600"},
		{MasterSource{Env: "HARKARA_TEST_NONE"}, "set it to the master key"},
		{MasterSource{Env: "HARKARA_TEST_BAD"}, "put its backup back"},
		{MasterSource{Credential: "none"}, "LoadCredential=none:"},
		{MasterSource{Credential: "../" + filepath.Base(folder) + "/given.key"}, "no name of a systemd credential"},
		{MasterSource{Credential: "cred"}, "another master key"},
	} {
		_, err := OpenVault(data, tt.from)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: %v, want %q", tt.from, err, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), text[:8]) || strings.Contains(err.Error(), other[:8])) {
			t.Errorf("%+v: the error quotes a key: %v", tt.from, err)
		}
		if tt.want != "" { // nor is a folder made that none would open again
			if _, err := OpenVault(t.TempDir(), tt.from); tt.from != (MasterSource{}) && tt.from.Credential != "cred" && err == nil {
				t.Errorf("%+v: made a new folder", tt.from)
			}
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, err := OpenVault(data, MasterSource{Credential: "given.key"}); err == nil || !strings.Contains(err.Error(), "systemd unit") {
		t.Errorf("without systemd: %v", err)
	}
}

// What is missing or damaged is said, and nothing is made in its place.
func TestDamagedKeyFolder(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(keys string) error
		want   string
	}{
		{"no ring", func(keys string) error { return os.Remove(filepath.Join(keys, "ring.json")) }, "put its backup back"},
		{"no master key", func(keys string) error { return os.Remove(filepath.Join(keys, "master.key")) }, "put it there"},
		{"empty ring", func(keys string) error { return os.WriteFile(filepath.Join(keys, "ring.json"), nil, 0o600) }, "put its backup back"},
		{"cut ring", func(keys string) error { return os.Truncate(filepath.Join(keys, "ring.json"), 300) }, "put its backup back"},
		{"newer ring", func(keys string) error {
			return os.WriteFile(filepath.Join(keys, "ring.json"), []byte(`{"version": 2}`), 0o600)
		}, "version 2"},
		{"a key of another tenant's name", func(keys string) error {
			text, err := os.ReadFile(filepath.Join(keys, "ring.json"))
			return errors.Join(err, os.WriteFile(filepath.Join(keys, "ring.json"), []byte(strings.Replace(string(text), `"acme"`, `"other"`, 1)), 0o600))
		}, "put its backup back"},
	} {
		data := t.TempDir()
		openVault(t, data).Seal("acme", vaultTime, "919800000001")
		if err := tt.damage(filepath.Join(data, "keys")); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenVault(data, MasterSource{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// While no key can be made nothing is sealed, what there is goes on, and it is tried again.
func TestNoKeyCanBeMade(t *testing.T) {
	const n = sms.MSISDN("919800000001")
	v := openVault(t, t.TempDir())
	v.Seal("acme", vaultTime, n)
	v.folder.step = cutAt(1)
	if v.Seal("zip", vaultTime, n) != nil || v.Digest("zip", vaultTime, n) != nil || v.TextDigest("zip", vaultTime, "x") != nil {
		t.Error("sealed with a key that is not on the disk")
	}
	if v.Seal("acme", vaultTime, n) == nil || v.Mark(n) == 0 || !errors.Is(v.Trouble(), errCut) {
		t.Errorf("others stand still, or nothing is said of it: %v", v.Trouble())
	}
	v.folder.step = nil
	v.failed = v.failed.Add(-lookEvery)
	if v.Seal("zip", vaultTime, n) == nil || v.Trouble() != nil {
		t.Errorf("not tried again: %v", v.Trouble())
	}
}

// Sync says why no key could be made, and tries again by itself; until it succeeds there is trouble.
func TestTroubleStaysUntilItIsMended(t *testing.T) {
	v, db := openVault(t, t.TempDir()), testDB(t)
	cut := errors.New("made up")
	v.folder.step = func(string) error { return cut }
	v.Seal("acme", vaultTime, "919800000001")
	for range 2 {
		if err := v.Sync(t.Context(), db); !errors.Is(err, cut) || !errors.Is(v.Trouble(), cut) {
			t.Errorf("Sync says %v, Trouble %v", err, v.Trouble())
		}
	}
	v.folder.step = nil
	if err := v.Sync(t.Context(), db); !errors.Is(err, cut) || v.Trouble() != nil {
		t.Errorf("Sync says %v of what was, Trouble %v", err, v.Trouble())
	}
	if err := v.Sync(t.Context(), db); err != nil {
		t.Errorf("Sync says %v", err)
	}
}

func TestSignerAndVerifierFit(t *testing.T) {
	data := t.TempDir()
	signer, err := openVault(t, data).Signer("node-1")
	if err != nil {
		t.Fatal(err)
	}
	text, err := note.Sign(&note.Note{Text: "made up\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(openVault(t, data).Verifier("node-1"))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := note.Open(text, note.VerifierList(verifier)); err != nil || n.Sigs[0].Name != "harkara/node-1" {
		t.Errorf("%v, %v", n, err)
	}
	if _, err := openVault(t, data).Signer("node +1"); err == nil || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("a name that can't sign: %v", err)
	}
}

// Marks are spread evenly over 1 to 255.
func TestMarks(t *testing.T) {
	v := goldenVault(t)
	var counts [256]int
	for i := range 25500 {
		counts[v.Mark(sms.MSISDN(fmt.Sprintf("9198%08d", i)))]++
	}
	for mark, n := range counts {
		if mark == 0 && n != 0 || mark > 0 && (n < 50 || n > 160) {
			t.Errorf("mark %d: %d of 25,500 numbers", mark, n)
		}
	}
}

// FuzzRing: whatever the file holds, it is read or refused, and what is read can be changed and wrapped anew.
func FuzzRing(f *testing.F) {
	golden, err := os.ReadFile("testdata/ring.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(`{"version":1,"keys":[{"id":"0102030405060708","tenant":"a","month":"2026-11","wrapped":"AAAA"}]}`))
	key := make([]byte, masterKeySize)
	for i := range key {
		key[i] = byte(i)
	}
	m, err := newMaster(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseRing(text)
		if err != nil {
			return
		}
		for i := range r.clone().Keys {
			k := r.Keys[i]
			k.shred(textOnly, vaultTime)
			k.shred(destroyed, vaultTime)
		}
		s, err := newState(r, m, nil, nil)
		if err != nil {
			return
		}
		anew, err := r.wrapAnew(m, m)
		if err != nil {
			t.Fatalf("a ring that is in use can't be wrapped anew: %v", err)
		}
		if again, err := newState(anew, m, nil, nil); err != nil || len(again.byID) != len(s.byID) || again.storeKey != s.storeKey {
			t.Fatalf("wrapped anew: %v", err)
		}
	})
}

// FuzzOpen: whatever bytes a row holds, none but those that were sealed open.
func FuzzOpen(f *testing.F) {
	v := goldenVault(f)
	f.Add(v.Seal("acme", vaultTime, "919812345678"))
	f.Add([]byte{0xcd, 0x07, 0x6a, 0x09})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		n, err := v.Open(sealed)
		if err == nil && string(v.Seal("acme", vaultTime, n)) != string(sealed) && len(sealed) == 48 {
			t.Fatalf("%x opens and was not sealed", sealed)
		}
		if err != nil && n != "" {
			t.Fatal("a number and an error")
		}
	})
}

// What root writes is the gateway's to read; another user is told that it would not be.
func TestKeysStayTheGatewaysOwn(t *testing.T) {
	if err := give("x/ring.json", ownerID{user: 1001}, 1002); err == nil || !strings.Contains(err.Error(), "run this as that user") {
		t.Errorf("another user: %v", err)
	}
	if err := give("x/ring.json", ownerID{user: 1001}, 1001); err != nil {
		t.Errorf("the gateway's user: %v", err)
	}
	if os.Geteuid() != 0 {
		return
	}
	const gateway = 65534
	data, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "master")
	putMasterKey(t, elsewhere, 1)
	if err := errors.Join(os.Chown(data, gateway, gateway), os.Chown(elsewhere, gateway, gateway)); err != nil {
		t.Fatal(err)
	}
	openVault(t, data).Seal("acme", vaultTime, "919800000001")
	folder := keyFolder{path: filepath.Join(data, "keys")}
	if err := folder.putMaster(elsewhere, newMasterKey()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder.path, folder.file(ringFile), folder.file(masterFile), folder.file(lockFile), elsewhere} {
		if owner, err := ownerOf(path); owner.user != gateway || err != nil {
			t.Errorf("%s is of %+v, %v", path, owner, err)
		}
	}
}
