package main

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// otpArgs is a call as acme against the world's gateway.
func otpArgs(t *testing.T, call string, more ...string) []string {
	return append([]string{"otp", call, "--config", gateway(t), "--tenant", "acme"}, more...)
}

// textTo waits for the text that the simulators took for a number.
func textTo(t *testing.T, digits string) (text string) {
	t.Helper()
	eventually(t, "a text came for "+digits, func() bool {
		for _, s := range world.smscs {
			for _, m := range s.Books().Messages {
				if m.To.Digits() == digits {
					text = m.Text.Reveal()
				}
			}
		}
		return text != ""
	})
	return text
}

// TestOTPByHand does what a person does who tries the service: ask, read, type wrongly, type rightly.
func TestOTPByHand(t *testing.T) {
	code, stdout, stderr := harkara(t, otpArgs(t, "request", "--to", "9812300101", "--template", loginOTP, "--purpose", "login")...)
	challenge := strings.TrimSpace(stdout)
	if code != 0 || len(challenge) != 26 || !regexp.MustCompile(`^on its way; expires at \S+; resend in (30|29) s\n$`).MatchString(stderr) {
		t.Fatalf("exit status %d, %q, %q", code, stdout, stderr)
	}
	found := regexp.MustCompile(`^(\d{6}) is your OTP to log in to Acme Bank\. It is valid for [45] minutes\.`).FindStringSubmatch(textTo(t, "919812300101"))
	if found == nil {
		t.Fatal("the text is not that of the template with a code of six digits")
	}
	wrong := found[1][:5] + string('0'+(found[1][5]-'0'+1)%10)
	for _, tt := range []struct {
		call           string
		args           []string
		stdin          string
		code           int
		stdout, stderr string
	}{
		{"resend", []string{challenge}, "", 1, "", "harkara: cooldown: "},
		{"verify", []string{challenge, wrong}, "", 1, "wrong: 4 more tries\n", ""},
		{"status", []string{challenge}, "", 0, "challenge  " + challenge + "\nstate      live\npurpose    login\nto         …0101\n", ""},
		{"verify", []string{challenge, "-"}, found[1] + "\n", 0, "ok\n", ""},
		{"verify", []string{challenge, found[1]}, "", 1, "used: ", ""},
		{"resend", []string{challenge}, "", 1, "", "harkara: not_live: "},
		{"cancel", []string{challenge}, "", 1, "verified: it had ended before\n", ""},
		{"verify", []string{"aaaaaaaaaaaaaaaaaaaaaaaaaa", found[1]}, "", 1, "", "harkara: unknown_challenge: "},
		{"request", []string{"--to", "9812300101", "--template", "1107169999999999999", "--purpose", "login"}, "", 1, "", "harkara: rejected: "},
	} {
		code, stdout, stderr := harkaraReading(t, tt.stdin, otpArgs(t, tt.call, tt.args...)...)
		if code != tt.code || !strings.HasPrefix(stdout, tt.stdout) || !strings.HasPrefix(stderr, tt.stderr) ||
			tt.stdout == "" && stdout != "" || tt.stderr == "" && stderr != "" {
			t.Errorf("%s: exit status %d, %q, %q", tt.call, code, stdout, stderr)
		}
	}
}

// TestOTPFollow sees a challenge go out, arrive and be cancelled.
func TestOTPFollow(t *testing.T) {
	args := otpArgs(t, "request", "--to", "9812300102", "--template", loginOTP, "--purpose", "login", "--follow", patience.String())
	out, errs := newWatched(), newWatched()
	done := make(chan int)
	go func() { done <- run(t.Context(), args, strings.NewReader(""), out, errs) }()
	for _, event := range []string{"requested", "sent", "delivered"} {
		if err := out.await("  " + event); err != nil {
			t.Fatal(err, errs)
		}
	}
	challenge, _, _ := strings.Cut(out.String(), "\n")
	must(t, otpArgs(t, "cancel", challenge)...)
	if code := <-done; code != 0 {
		t.Errorf("exit status %d: %s", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if last := lines[len(lines)-1]; len(lines) != 5 || !strings.Contains(last, "  cancelled    login  "+challenge) {
		t.Errorf("it ends with %q of %d lines", last, len(lines))
	}
}

// TestOTPApp enrols an authenticator app and types one of its codes.
func TestOTPApp(t *testing.T) {
	challenge, rest, _ := strings.Cut(must(t, otpArgs(t, "enrol", "--account", "made-up@example.com")...), "\n")
	uri, err := url.Parse(strings.TrimSpace(rest))
	if err != nil || uri.Scheme != "otpauth" {
		t.Fatalf("no otpauth URI is printed: %v", err)
	}
	code, err := totp.GenerateCode(uri.Query().Get("secret"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if out := must(t, otpArgs(t, "verify", challenge, code)...); out != "ok\n" {
		t.Errorf("an app's code is %q", out)
	}
	if status, out, _ := harkara(t, otpArgs(t, "verify", challenge, code)...); status != 1 || !strings.HasPrefix(out, "used") {
		t.Errorf("the same code again: exit status %d, %q", status, out)
	}
	must(t, otpArgs(t, "cancel", challenge)...)
}
