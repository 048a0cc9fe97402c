package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"harkara/smpp/sms"
)

func otpKeys(t testing.TB, v *Vault) *OTPKeys {
	t.Helper()
	keys, err := v.OTPKeys(OTPKeySource{})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// sameOTPKeys says whether what was made with the first can be verified with the second.
func sameOTPKeys(a, b *OTPKeys) bool {
	for id, key := range a.Codes {
		if !bytes.Equal(key, b.Codes[id]) {
			return false
		}
	}
	return bytes.Equal(a.Index, b.Index)
}

// lookAgain makes a vault look at the disk with its next use.
func lookAgain(v *Vault) {
	heed(v)
	v.otp.stale.Store(true)
}

// Run with -race: whoever asks first makes them, and all have the same.
func TestOTPKeysAreMadeOnce(t *testing.T) {
	data := t.TempDir()
	all := make([]*OTPKeys, 16)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			v, err := OpenVault(data, MasterSource{})
			if err == nil {
				all[i], err = v.OTPKeys(OTPKeySource{})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, keys := range all {
		if keys == nil || len(keys.Index) != 32 || len(keys.Codes) != 1 || len(keys.Codes[keys.Current]) != 32 || !sameOTPKeys(keys, all[0]) {
			t.Fatalf("%d keys, current %s", len(keys.Codes), keys.Current)
		}
	}
	if info, err := os.Stat(filepath.Join(data, "keys", "otp.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	v := openVault(t, data)
	if first, second := otpKeys(t, v), otpKeys(t, v); first != second {
		t.Error("the same keys have two pointers")
	}
}

// Neither the file nor what prints keys has them in the clear.
func TestOTPKeysAreWrapped(t *testing.T) {
	data := t.TempDir()
	keys := otpKeys(t, openVault(t, data))
	text, err := os.ReadFile(filepath.Join(data, "keys", "otp.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range append(slices.Collect(maps.Values(keys.Codes)), keys.Index) {
		encoded, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), strings.Trim(string(encoded), `"=`)[:40]) {
			t.Error("the file has a key in the clear")
		}
	}
	if said := fmt.Sprintf("%v %+v %s", keys, keys, keys); said != "*** *** ***" {
		t.Errorf("printed as %s", said)
	}
}

// A vault in use knows a new key before it is used, uses it when it is due, and goes on verifying with those before.
func TestOTPKeyRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := t.TempDir()
		running, other := openVault(t, data), openVault(t, data)
		first := otpKeys(t, running)
		id, err := other.addOTPKey(time.Now(), time.Now().Add(OTPKeyLead))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery + time.Millisecond)
		known := otpKeys(t, running)
		if known.Codes[id] == nil || known.Current != first.Current || !sameOTPKeys(first, known) {
			t.Errorf("after %v: current %s, new key known: %v", lookEvery, known.Current, known.Codes[id] != nil)
		}
		time.Sleep(5*time.Second - lookEvery - time.Millisecond)
		if used := otpKeys(t, running); used.Current != id || !sameOTPKeys(known, used) {
			t.Errorf("after five seconds: current %s, want %s", used.Current, id)
		}
		third, err := other.addOTPKey(time.Now(), time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery + time.Millisecond)
		list, err := running.OTPKeyList(OTPKeySource{})
		if err != nil || len(list) != 3 {
			t.Fatalf("%d keys are listed, %v", len(list), err)
		}
		for i, want := range []struct{ id, state string }{{first.Current, "retired"}, {id, "current"}, {third, "next"}} {
			if got := list[i]; got.ID != want.id || got.State != want.state || (got.Retired != nil) != (i == 0) {
				t.Errorf("key %d is listed as %+v, want %+v", i, got, want)
			}
		}
		if !list[0].Retired.Equal(list[1].From) {
			t.Errorf("retired at %v, its successor is used from %v", list[0].Retired, list[1].From)
		}
		synctest.Wait()
	})
}

// Wherever the making of OTP keys or of a further one is cut, the next opening finds all that codes were made with.
func TestMakingOTPKeysCutAnywhere(t *testing.T) {
	for step := 1; ; step++ {
		data := t.TempDir()
		v := openVault(t, data)
		v.folder.step = cutAt(step)
		made, cut := v.OTPKeys(OTPKeySource{})
		if cut == nil {
			_, cut = v.addOTPKey(time.Now(), time.Now())
		}
		again := otpKeys(t, openVault(t, data))
		if made != nil && !sameOTPKeys(made, again) {
			t.Fatalf("cut at step %d: other keys", step)
		}
		if cut == nil {
			if step < 8 {
				t.Fatalf("two writes had %d steps", step-1)
			}
			return
		}
		if !errors.Is(cut, errCut) {
			t.Fatal(cut)
		}
		if _, err := openVault(t, data).addOTPKey(time.Now(), time.Now()); err != nil {
			t.Fatalf("cut at step %d, tried again: %v", step, err)
		}
	}
}

// Wherever a rotation of the master key is cut, the OTP keys and the rest can be read afterwards, by whoever had them open and by
// whoever opens them; a rotation after it makes the master keys of before useless for them.
func TestMasterRotationKeepsOTPKeysCutAnywhere(t *testing.T) {
	const n = sms.MSISDN("919800000001")
	for step := 1; ; step++ {
		data := t.TempDir()
		v, running := openVault(t, data), openVault(t, data)
		keys, sealed := otpKeys(t, v), v.Seal("acme", vaultTime, n)
		otpKeys(t, running)
		v.folder.step = cutAt(step)
		cut := rotate(t, v)
		// A second one is cut as well: what the first left behind must not be what its keys need.
		again := openVault(t, data)
		again.folder.step = cutAt(step + 1)
		if err := rotate(t, again); err != nil && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		for name, v := range map[string]*Vault{"opened": openVault(t, data), "open": running} {
			lookAgain(v)
			if got, err := v.OTPKeys(OTPKeySource{}); err != nil || !sameOTPKeys(keys, got) || got.Current != keys.Current {
				t.Fatalf("cut at step %d, %s: %v", step, name, err)
			}
			if got, err := v.Open(sealed); got != n || err != nil {
				t.Fatalf("cut at step %d, %s: %v, %v", step, name, got, err)
			}
		}
		last := openVault(t, data)
		if err := rotate(t, last); err != nil {
			t.Fatalf("cut at step %d, rotated again: %v", step, err)
		}
		wrapped, _, err := last.folder.readOTP()
		if err != nil || wrapped.Master != last.state.Load().master.fingerprint {
			t.Fatalf("cut at step %d, rotated again: wrapped with %s, %v", step, wrapped.Master, err)
		}
		if cut == nil {
			if step < 14 {
				t.Fatalf("a rotation had %d steps", step-1)
			}
			return
		}
	}
}

// The old master key is destroyed by nothing before the OTP keys have the new one.
func TestSyncSettlesOTPKeys(t *testing.T) {
	data, db := t.TempDir(), testDB(t)
	v := openVault(t, data)
	keys := otpKeys(t, v)
	v.folder.step = func(step string) error {
		if step == "rename otp.json" {
			return errCut
		}
		return nil
	}
	if err := v.Rotate(t.Context(), db, MasterSource{}, Asker{Who: "made-up officer", Why: "a test"}); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	old := filepath.Join(data, "keys", "master.key.old")
	if err := v.Sync(t.Context(), db); !errors.Is(err, errCut) {
		t.Errorf("Sync says %v", err)
	}
	if _, err := os.Stat(old); err != nil {
		t.Fatalf("the old master key is gone: %v", err)
	}
	v.folder.step = nil
	if err := v.Sync(t.Context(), db); err != nil {
		t.Errorf("Sync says %v", err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the old master key is still there")
	}
	if got := otpKeys(t, openVault(t, data)); !sameOTPKeys(keys, got) {
		t.Error("other keys")
	}
}

// RotateOTPKeys says in the privacy log who and why, before it does it.
func TestOTPKeyRotationIsLogged(t *testing.T) {
	v, db := openVault(t, t.TempDir()), testDB(t)
	first := otpKeys(t, v)
	by := Asker{Who: "made-up officer", Why: "quarterly"}
	id, err := v.RotateOTPKeys(t.Context(), db, OTPKeySource{}, OTPKeyLead, by)
	if err != nil || otpKeys(t, v).Codes[id] == nil {
		t.Fatalf("key %s is not there: %v", id, err)
	}
	var detail string
	if err := db.GetContext(t.Context(), &detail, `SELECT detail FROM harkara.privacy_log WHERE action = 'rotate' AND tenant = ''
			AND who = $1 AND why = $2`, by.Who, by.Why); err != nil || !strings.Contains(detail, first.Current) {
		t.Errorf("the log has %q, %v", detail, err)
	}
	if _, err := v.RotateOTPKeys(t.Context(), db, OTPKeySource{}, OTPKeyLead-1, by); err == nil || !strings.Contains(err.Error(), "at the earliest") {
		t.Errorf("used before it is known: %v", err)
	}
	if _, err := v.RotateOTPKeys(t.Context(), db, OTPKeySource{Credential: "otp-keys"}, OTPKeyLead, by); err == nil ||
		!strings.Contains(err.Error(), "keys export --otp") {
		t.Errorf("of a credential: %v", err)
	}
}

// What one folder exports is what the gateways that get it as a credential have, and none of these makes a file.
func TestOTPKeysOfACredential(t *testing.T) {
	from := openVault(t, t.TempDir())
	if _, err := from.addOTPKey(time.Now(), time.Now()); err == nil {
		t.Error("a key was added to none")
	}
	keys := otpKeys(t, from)
	text, err := from.ExportOTPKeys(OTPKeySource{})
	if err != nil {
		t.Fatal(err)
	}
	credentials, data := t.TempDir(), t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	put := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(credentials, name), text, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	put("otp-keys", text)
	source := OTPKeySource{Credential: "otp-keys"}
	v := openVault(t, data)
	got, err := v.OTPKeys(source)
	if err != nil || !sameOTPKeys(keys, got) || got.Current != keys.Current {
		t.Errorf("other keys: %v", err)
	}
	if again, err := v.ExportOTPKeys(source); err != nil || !bytes.Equal(again, text) {
		t.Errorf("exported again they are others: %v", err)
	}
	if _, err := os.Stat(filepath.Join(data, "keys", "otp.json")); err == nil {
		t.Error("a file was made")
	}
	wrapped, err := os.ReadFile(from.folder.file(otpFile))
	if err != nil {
		t.Fatal(err)
	}
	put("wrapped", wrapped)
	put("bad", text[:len(text)/2])
	put("newer", []byte(`{"version": 2}`))
	for name, want := range map[string]string{"none": "LoadCredentialEncrypted=none:", "../x": "no name of a systemd credential",
		"wrapped": "keys export --otp", "bad": "put its backup back", "newer": "version 2"} {
		got, err := v.OTPKeys(OTPKeySource{Credential: name})
		if got != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, err := openVault(t, data).OTPKeys(source); err == nil || !strings.Contains(err.Error(), "systemd unit") {
		t.Errorf("without systemd: %v", err)
	}
}

// What is missing or damaged is said, nothing is made in its place, and who has the keys open goes on with them.
func TestDamagedOTPKeys(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(keys string) error
		want   string
	}{
		{"gone", func(keys string) error { return os.Remove(filepath.Join(keys, "otp.json")) }, "put its backup back"},
		{"cut", func(keys string) error { return os.Truncate(filepath.Join(keys, "otp.json"), 100) }, "put its backup back"},
		{"empty", func(keys string) error { return os.Truncate(filepath.Join(keys, "otp.json"), 0) }, "put its backup back"},
		{"in the clear", func(keys string) error {
			return os.WriteFile(filepath.Join(keys, "otp.json"), clearOTPKeys(t), 0o600)
		}, "put its backup back"},
		{"of another folder", func(keys string) error {
			other := openVault(t, t.TempDir())
			otpKeys(t, other)
			text, err := os.ReadFile(other.folder.file(otpFile))
			return errors.Join(err, os.WriteFile(filepath.Join(keys, "otp.json"), text, 0o600))
		}, "another master key"},
		{"an old key made the current one", func(keys string) error {
			text, err := os.ReadFile(filepath.Join(keys, "otp.json"))
			changed := bytes.Replace(text, []byte(`"from": "20`), []byte(`"from": "21`), 1)
			return errors.Join(err, os.WriteFile(filepath.Join(keys, "otp.json"), changed, 0o600))
		}, "put its backup back"},
	} {
		data := t.TempDir()
		running := openVault(t, data)
		keys := otpKeys(t, running)
		if err := tt.damage(filepath.Join(data, "keys")); err != nil {
			t.Fatal(err)
		}
		if got, err := openVault(t, data).OTPKeys(OTPKeySource{}); got != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		lookAgain(running)
		if got, err := running.OTPKeys(OTPKeySource{}); got != keys || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s, in use: %v, want %q", tt.name, err, tt.want)
		}
		if err := rotate(t, openVault(t, data)); err == nil {
			t.Errorf("%s: the master key is another, and its backup is of no use", tt.name)
		}
	}
}

func clearOTPKeys(t *testing.T) []byte {
	t.Helper()
	v := openVault(t, t.TempDir())
	text, err := v.ExportOTPKeys(OTPKeySource{})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A list of none makes none.
func TestOTPKeyListMakesNone(t *testing.T) {
	v := openVault(t, t.TempDir())
	if list, err := v.OTPKeyList(OTPKeySource{}); len(list) != 0 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := os.Stat(v.folder.file(otpFile)); err == nil {
		t.Error("listing made keys")
	}
}

// Whenever keys are added for whatever time, at each time the current one is the last whose time has come, and none is lost.
func TestOTPKeysAtAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := vaultTime.UTC()
		r := newOTPRing(start)
		from := map[string]time.Time{r.Keys[0].ID: start}
		for range rapid.IntRange(0, 6).Draw(t, "rotations") {
			at := start.Add(time.Duration(rapid.IntRange(-3600, 3600).Draw(t, "from")) * time.Second)
			var id string
			r, id = r.with(start, at)
			from[id] = at
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if r, err = parseOTPRing(text); err != nil {
			t.Fatal(err)
		}
		now := start.Add(time.Duration(rapid.IntRange(-4000, 4000).Draw(t, "now")) * time.Second)
		keys := r.at(now)
		if len(keys.Codes) != len(from) {
			t.Fatalf("%d keys, want %d", len(keys.Codes), len(from))
		}
		current := from[keys.Current]
		for id, at := range from {
			if !at.After(now) && at.After(current) || current.After(now) && at.Before(current) {
				t.Fatalf("current from %v at %v, and %s is from %v", current, now, id, at)
			}
		}
	})
}

// FuzzOTPRing: whatever the file holds, it is read or refused, and what is read is used, added to and written.
func FuzzOTPRing(f *testing.F) {
	m, err := newMaster(make([]byte, masterKeySize))
	if err != nil {
		f.Fatal(err)
	}
	r := newOTPRing(vaultTime)
	for _, r := range []*otpRing{r, r.wrap(m)} {
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"version":1,"index":"","keys":[]}`))
	f.Add([]byte(`{"version":1,"index":"AAAA","keys":[{"id":"01020304","key":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseOTPRing(text)
		if err != nil {
			return
		}
		if r.Master != "" {
			if r, err = r.unwrap(m); err != nil {
				return
			}
		}
		keys := r.at(vaultTime)
		if len(keys.Codes[keys.Current]) != secretSize {
			t.Fatal("no current key")
		}
		more, id := r.with(vaultTime, vaultTime)
		back, err := more.wrap(m).unwrap(m)
		if err != nil || !sameOTPKeys(keys, back.at(vaultTime)) || back.at(vaultTime).Codes[id] == nil {
			t.Fatalf("wrapped and unwrapped: %v", err)
		}
	})
}
