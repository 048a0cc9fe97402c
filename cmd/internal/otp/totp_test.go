package otp

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"image/png"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	pquerna "github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// appTime is a time of the tests, at the beginning of a step.
var appTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// appKeys returns made-up keys.
func appKeys(t testing.TB, current KeyID) *Keyring {
	t.Helper()
	k, err := NewKeyring(bytes.Repeat([]byte{7}, 32), current,
		map[KeyID][]byte{"k1": bytes.Repeat([]byte{1}, 32), "k2": bytes.Repeat([]byte{2}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func enrol(t testing.TB, k *Keyring, call EnrolCall) (Enrolment, EnrolAnswer) {
	t.Helper()
	e, answer, err := Enrol(k, "acme", call, appTime)
	if err != nil {
		t.Fatal(err)
	}
	return e, answer
}

// appCode is what an app that was given the answer shows at a time.
func appCode(t testing.TB, answer EnrolAnswer, at time.Time) sms.Secret {
	t.Helper()
	app, err := pquerna.NewKeyFromURL(answer.URI)
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(app.Secret(), at)
	if err != nil {
		t.Fatal(err)
	}
	return sms.Secret(code)
}

// wrongCode is none of the codes around a time.
func wrongCode(t testing.TB, answer EnrolAnswer, at time.Time) sms.Secret {
	t.Helper()
	var near []sms.Secret
	for s := -2; s <= 2; s++ {
		near = append(near, appCode(t, answer, at.Add(time.Duration(s)*stepSeconds*time.Second)))
	}
	for _, code := range []sms.Secret{"000000", "111111", "222222", "333333", "444444", "555555"} {
		if !slices.Contains(near, code) {
			return code
		}
	}
	t.Fatal("six codes of five steps")
	return ""
}

// RFC 6238 appendix B, the rows of SHA-1, in eight digits.
func TestTimeBasedCodesOfTheRFC(t *testing.T) {
	secret := []byte("12345678901234567890")
	for seconds, want := range map[int64]string{59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924",
		2000000000: "69279037", 20000000000: "65353130"} {
		if got := totpCode(secret, seconds/stepSeconds, 8); got != want {
			t.Errorf("at %d: %s, want %s", seconds, got, want)
		}
		if got := totpCode(secret, seconds/stepSeconds, totpDigits); got != want[2:] {
			t.Errorf("at %d: %s, want %s", seconds, got, want[2:])
		}
	}
}

// Any secret and time give the code that another implementation gives.
func TestTimeBasedCodesAsOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "secret")
		at := time.Unix(rapid.Int64Range(0, 1<<36).Draw(t, "at"), 0)
		want, err := totp.GenerateCode(base32.StdEncoding.EncodeToString(secret), at)
		if err != nil {
			t.Fatal(err)
		}
		if got := totpCode(secret, at.Unix()/stepSeconds, totpDigits); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

func TestEnrolmentAnswer(t *testing.T) {
	for _, tt := range []struct {
		name    string
		call    EnrolCall
		issuer  string
		refused bool
	}{
		{"the tenant is the issuer", EnrolCall{Account: "made.up@example.com"}, "acme", false},
		{"blanks and signs", EnrolCall{Account: "Made Up + Co & Söhne = 100%?#/", Issuer: "Acme Bank"}, "Acme Bank", false},
		{"an Indian script", EnrolCall{Account: strings.Repeat("खाता", 16), Issuer: "ಬ್ಯಾಂಕ್"}, "ಬ್ಯಾಂಕ್", false},
		{"no account", EnrolCall{Issuer: "Acme"}, "", true},
		{"65 characters", EnrolCall{Account: strings.Repeat("a", 65)}, "", true},
		{"a colon in the account", EnrolCall{Account: "a:b"}, "", true},
		{"a colon in the issuer", EnrolCall{Account: "a", Issuer: "b:"}, "", true},
		{"a line break", EnrolCall{Account: "a\nb"}, "", true},
		{"a blank at an end", EnrolCall{Account: "a "}, "", true},
		{"not UTF-8", EnrolCall{Account: "a\xff"}, "", true},
		{"too long for a QR code", EnrolCall{Account: strings.Repeat("😀", 64), Issuer: strings.Repeat("😀", 64)}, "", true},
	} {
		e, answer, refused := Enrol(appKeys(t, "k1"), "acme", tt.call, appTime)
		if tt.refused {
			if refused == nil || refused.Code != BadRequest || e.ID != "" || answer.URI != "" {
				t.Errorf("%s: %v, %+v", tt.name, refused, e)
			}
			continue
		}
		if refused != nil {
			t.Errorf("%s: %v", tt.name, refused)
			continue
		}
		app, err := pquerna.NewKeyFromURL(answer.URI)
		if err != nil {
			t.Fatal(err)
		}
		if app.Type() != "totp" || app.Issuer() != tt.issuer || app.AccountName() != tt.call.Account || app.Period() != 30 ||
			app.Digits() != pquerna.DigitsSix || app.Algorithm() != pquerna.AlgorithmSHA1 || len(app.Secret()) != 32 {
			t.Errorf("%s: an app reads %s as %s of %s", tt.name, answer.URI, app.AccountName(), app.Issuer())
		}
		if u, err := url.Parse(answer.URI); err != nil || strings.Contains(answer.URI, "+") || !strings.HasPrefix(u.Path, "/"+tt.issuer+":") {
			t.Errorf("%s: %s, %v", tt.name, answer.URI, err)
		}
		img, err := png.Decode(bytes.NewReader(answer.QR))
		if err != nil || img.Bounds().Dx() != 256 || img.Bounds().Dy() != 256 {
			t.Errorf("%s: the QR code is no PNG of 256 x 256: %v", tt.name, err)
			continue
		}
		for i := range 256 {
			for edge := range qrMargin {
				if r, _, _, _ := img.At(edge, i).RGBA(); r != 0xffff {
					t.Fatalf("%s: the margin has ink", tt.name)
				}
			}
		}
	}
}

// Nothing of an enrolment's record gives the secret, the account or a code away, and two apps of one account have two secrets.
func TestEnrolmentRecordTellsNothing(t *testing.T) {
	k := appKeys(t, "k1")
	e, answer := enrol(t, k, EnrolCall{Account: "made.up@example.com"})
	again, other := enrol(t, k, EnrolCall{Account: "made.up@example.com"})
	if answer.URI == other.URI || e.ID == again.ID || e.Account != again.Account {
		t.Errorf("enrolled twice: %+v and %+v", e, again)
	}
	app, err := pquerna.NewKeyFromURL(answer.URI)
	if err != nil {
		t.Fatal(err)
	}
	if _, out, err := e.Verify(k, totpPolicy(), e.ID, appCode(t, answer, appTime), appTime); err != nil || !out.Changed {
		t.Fatal(err)
	}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{"secret": app.Secret(), "account": "made.up", "code": appCode(t, answer, appTime).Reveal()} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the record has the %s", name)
		}
	}
	var back Enrolment
	if err := json.Unmarshal(text, &back); err != nil || back != e {
		t.Errorf("%+v came back as %+v, %v", e, back, err)
	}
}

func totpPolicy() *Policy {
	p := DefaultPolicy(TOTP)
	return &p
}

func TestEnrolmentIDs(t *testing.T) {
	k := appKeys(t, "k1")
	e, answer := enrol(t, k, EnrolCall{Account: "a"})
	key, ok := k.EnrolmentOf(e.ID)
	if !ok || len(key) != 20 || answer.Challenge != e.ID || !IsEnrolment(e.ID) || len(e.ID) != len("totp_")+26 {
		t.Errorf("%s is kept under %s, %v", e.ID, key, ok)
	}
	if _, ok := k.SubjectOf(e.ID); ok {
		t.Error("it is taken for a challenge")
	}
	challenge := ChallengeID(strings.TrimPrefix(string(e.ID), "totp_"))
	for _, id := range []ChallengeID{"", "totp_", "totp_x", challenge, "TOTP_" + challenge, e.ID + "a", e.ID[:len(e.ID)-1]} {
		if key, ok := k.EnrolmentOf(id); ok {
			t.Errorf("%q is kept under %s", id, key)
		}
	}
	if IsEnrolment(challenge) {
		t.Error("a challenge is taken for an enrolment")
	}
}

// A table of what an app's user may do, one after the other, on one enrolment.
func TestEnrolmentVerify(t *testing.T) {
	k := appKeys(t, "k1")
	const step = stepSeconds * time.Second
	type call struct {
		at    time.Duration // after appTime
		shows time.Duration // the app's clock; wrong: a wrong code
		want  VerifyAnswer
	}
	const wrong = time.Duration(-1)
	ok, used := VerifyAnswer{Result: OK, AttemptsLeft: 5}, VerifyAnswer{Result: Used, AttemptsLeft: 5}
	miss := func(left int) VerifyAnswer { return VerifyAnswer{Result: Wrong, AttemptsLeft: left} }
	for name, calls := range map[string][]call{
		"in time, and again":              {{0, 0, ok}, {time.Second, 0, used}, {step, 0, used}, {step, step, ok}},
		"a clock behind":                  {{step, 0, ok}, {step, step, ok}},
		"a clock ahead burns its step":    {{0, step, ok}, {0, 0, used}, {step, step, used}, {2 * step, 2 * step, ok}},
		"a clock far behind":              {{2 * step, 0, miss(4)}},
		"a clock far ahead":               {{0, 2 * step, miss(4)}},
		"the last moment of the drift":    {{2*step - time.Nanosecond, 0, ok}},
		"used long ago is wrong":          {{0, 0, ok}, {2 * step, 0, miss(4)}},
		"right forgets wrong":             {{0, wrong, miss(4)}, {0, wrong, miss(3)}, {0, 0, ok}, {step, wrong, miss(4)}},
		"used forgets nothing":            {{0, 0, ok}, {0, wrong, miss(4)}, {0, 0, VerifyAnswer{Result: Used, AttemptsLeft: 4}}},
		"a day forgets wrong":             {{0, wrong, miss(4)}, {forgetFailures, wrong, miss(4)}},
		"not quite a day forgets nothing": {{0, wrong, miss(4)}, {forgetFailures - time.Millisecond, wrong, miss(3)}},
		"five wrong ones lock, right or not": {{0, wrong, miss(4)}, {0, wrong, miss(3)}, {0, wrong, miss(2)}, {0, wrong, miss(1)}, {0, wrong, miss(0)},
			{0, 0, VerifyAnswer{Result: Locked, RetryAfter: 60}}, {59*time.Second + time.Millisecond, step, VerifyAnswer{Result: Locked, RetryAfter: 1}},
			{time.Minute, wrong, miss(4)}, {time.Minute, 2 * step, ok}},
		"five more lock for longer": {{0, wrong, miss(4)}, {0, wrong, miss(3)}, {0, wrong, miss(2)}, {0, wrong, miss(1)}, {0, wrong, miss(0)},
			{2 * step, wrong, miss(4)}, {2 * step, wrong, miss(3)}, {2 * step, wrong, miss(2)}, {2 * step, wrong, miss(1)}, {2 * step, wrong, miss(0)},
			{2 * step, 2 * step, VerifyAnswer{Result: Locked, RetryAfter: 300}}},
	} {
		e, answer := enrol(t, k, EnrolCall{Account: "a"})
		for i, c := range calls {
			now := appTime.Add(c.at)
			code := wrongCode(t, answer, now)
			if c.shows != wrong {
				code = appCode(t, answer, appTime.Add(c.shows))
			}
			before := e
			got, out, err := e.Verify(k, totpPolicy(), e.ID, code, now)
			if err != nil || got != c.want {
				t.Errorf("%s: call %d answers %+v, %v; want %+v", name, i, got, err, c.want)
			}
			if out.Changed != (e != before) {
				t.Errorf("%s: call %d: Changed is %v", name, i, out.Changed)
			}
			checkAppEvents(t, name, got, out.Events)
		}
	}
}

func checkAppEvents(t *testing.T, name string, answer VerifyAnswer, events []ledger.OTP) {
	t.Helper()
	var want []ledger.OTPEvent
	switch {
	case answer.Result == OK:
		want = []ledger.OTPEvent{ledger.OTPVerified}
	case answer.Result == Wrong && answer.AttemptsLeft == 0:
		want = []ledger.OTPEvent{ledger.OTPFailed, ledger.OTPLocked}
	case answer.Result == Wrong:
		want = []ledger.OTPEvent{ledger.OTPFailed}
	}
	if len(events) != len(want) {
		t.Errorf("%s: %s has events %+v", name, answer.Result, events)
		return
	}
	for i, e := range events {
		if e.Event != want[i] || e.Purpose != "totp" || e.Tenant != "acme" || e.Requested.IsZero() || e.Event == ledger.OTPLocked && e.Retry < 60 {
			t.Errorf("%s: event %+v, want %s", name, e, want[i])
		}
	}
}

// Whatever is typed that is not the six digits is wrong, and what has no key or another id counts nothing.
func TestEnrolmentFaults(t *testing.T) {
	k := appKeys(t, "k1")
	e, answer := enrol(t, k, EnrolCall{Account: "a"})
	right := appCode(t, answer, appTime)
	p := totpPolicy()
	p.LockAfter = 100
	for _, code := range []sms.Secret{"1", right[:5], right + "0", " " + right, "１２３４５６", "000000\x00"} {
		if got, _, err := e.Verify(k, p, e.ID, code, appTime); err != nil || got.Result != Wrong {
			t.Errorf("%d characters: %+v, %v", len(code), got, err)
		}
	}
	before := e
	if _, out, err := e.Verify(k, p, e.ID, "", appTime); err == nil || err.Code != BadRequest || out.Changed {
		t.Errorf("no code: %v", err)
	}
	lost, err := NewKeyring(bytes.Repeat([]byte{7}, 32), "k9", map[KeyID][]byte{"k9": bytes.Repeat([]byte{9}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	if _, out, err := e.Verify(lost, p, e.ID, right, appTime); err == nil || err.Code != Unavailable || out.Changed {
		t.Errorf("without its key: %v", err)
	}
	if _, out, err := e.Verify(k, p, "totp_other", right, appTime); err == nil || err.Code != UnknownChallenge || out.Changed {
		t.Errorf("another id: %v", err)
	}
	if _, _, err := new(Enrolment).Verify(k, p, "", right, appTime); err == nil || err.Code != UnknownChallenge {
		t.Errorf("nothing kept: %v", err)
	}
	if e != before {
		t.Errorf("counted: %+v", e)
	}
	if got, _, err := e.Verify(appKeys(t, "k2"), p, e.ID, right, appTime); err != nil || got.Result != OK {
		t.Errorf("after a rotation: %+v, %v", got, err)
	}
}

// Whoever guesses whenever it is possible, for a year, has about a hundred guesses and one a month, with any policy.
func TestEnrolmentGuessesOfAYear(t *testing.T) {
	k := appKeys(t, "k1")
	noLocks := *totpPolicy()
	noLocks.LockAfter = 0
	bySeven := *totpPolicy() // the hundredth is none of these
	bySeven.LockAfter = 7
	for name, p := range map[string]*Policy{"ladder": totpPolicy(), "no locks": &noLocks, "by seven": &bySeven} {
		e, answer := enrol(t, k, EnrolCall{Account: "a"})
		if _, _, err := e.Verify(k, p, e.ID, appCode(t, answer, appTime), appTime); err != nil {
			t.Fatal(err)
		}
		now, guesses := appTime, 0
		for now.Before(appTime.Add(365 * 24 * time.Hour)) {
			got, out, err := e.Verify(k, p, e.ID, "guess", now)
			if err != nil || got.Result != Wrong || (got.AttemptsLeft == 0) != (len(out.Events) == 2) {
				t.Fatalf("%s: guess %d: %+v %v", name, guesses, got, err)
			}
			if guesses++; guesses == 99 && e.beforeLock(p, now) != 1 || guesses >= 100 && out.Events[1].Retry != 30*86400 {
				t.Fatalf("%s: guess %d: %+v", name, guesses, out.Events)
			}
			if len(out.Events) == 2 {
				now = now.Add(time.Duration(out.Events[1].Retry) * time.Second)
			}
		}
		if guesses < 100 || guesses > 112 {
			t.Errorf("%s: %d guesses", name, guesses)
		}
		if got, _, err := e.Verify(k, p, e.ID, appCode(t, answer, now), now); err != nil || got.Result != OK || e.strikes != (strikes{}) {
			t.Errorf("%s: a right code after the lock: %+v %v", name, got, err)
		}
	}
}

func TestEnrolmentTTL(t *testing.T) {
	k := appKeys(t, "k1")
	e, answer := enrol(t, k, EnrolCall{Account: "a"})
	if e.TTL(appTime) != unconfirmedLife || e.TTL(appTime.Add(time.Hour)) != 23*time.Hour || e.TTL(appTime.Add(48*time.Hour)) < time.Second {
		t.Errorf("unconfirmed: %v, %v", e.TTL(appTime), e.TTL(appTime.Add(48*time.Hour)))
	}
	if _, _, err := e.Verify(k, totpPolicy(), e.ID, appCode(t, answer, appTime), appTime); err != nil || e.TTL(appTime) != 0 {
		t.Errorf("confirmed: %v, %v", e.TTL(appTime), err)
	}
}

// Whatever codes are typed when, right ones of any near step or wrong ones, in a record that is read anew each time: no step verifies
// twice, none before one that did, none outside the drift or while locked, and wrong ones never verify.
func TestEnrolmentProperties(t *testing.T) {
	k := appKeys(t, "k1")
	rapid.Check(t, func(t *rapid.T) {
		e := Enrolment{ID: k.newEnrolmentID(), Tenant: "acme", Account: "a", Key: "k1", Made: appTime} // as Enrol, without the QR code
		secret := k.codes[e.Key].appSecret(&e)
		p := totpPolicy()
		p.LockAfter = rapid.IntRange(1, 5).Draw(t, "lock after")
		last, now, locked := int64(0), appTime, time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.Int64Range(0, 90_000).Draw(t, "ms")) * time.Millisecond)
			step := now.Unix()/stepSeconds + rapid.Int64Range(-3, 3).Draw(t, "off by")
			code := sms.Secret(totpCode(secret, step, totpDigits))
			if rapid.IntRange(0, 2).Draw(t, "kind") == 0 {
				code, step = sms.Secret(rapid.StringMatching(`[0-9]{6}`).Draw(t, "guess")), -1
			}
			text, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var read Enrolment
			if err := json.Unmarshal(text, &read); err != nil {
				t.Fatal(err)
			}
			got, out, refused := read.Verify(k, p, e.ID, code, now)
			if refused != nil {
				t.Fatal(refused)
			}
			if out.Changed {
				e = read
			}
			if got.Result == Wrong && got.AttemptsLeft == 0 {
				locked = e.LockedUntil
				if !locked.After(now) {
					t.Fatal("locked until before now")
				}
				continue
			}
			if now.Before(locked) != (got.Result == Locked) {
				t.Fatalf("%s at %v, locked until %v", got.Result, now, locked)
			}
			if got.Result != OK {
				continue
			}
			used := e.Step
			if code != sms.Secret(totpCode(secret, used, totpDigits)) || used <= last || max(used-now.Unix()/stepSeconds, now.Unix()/stepSeconds-used) > totpDrift {
				t.Fatalf("step %d verified after %d at %d", used, last, now.Unix()/stepSeconds)
			}
			last = used
		}
	})
}

func BenchmarkEnrolmentVerify(b *testing.B) {
	k := appKeys(b, "k1")
	e, _ := enrol(b, k, EnrolCall{Account: "a"})
	p := totpPolicy()
	for b.Loop() {
		read := e
		if _, _, err := read.Verify(k, p, e.ID, "000000", appTime); err != nil {
			b.Fatal(err)
		}
	}
}
