package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestOTPKeys(t *testing.T) {
	config := gateway(t)
	type exported struct {
		Index []byte
		Keys  []struct {
			ID  string
			Key []byte
		}
	}
	export := func(config string) (text string, keys exported) {
		t.Helper()
		code, text, stderr := harkara(t, "keys", "export", "--otp", "--config", config)
		if code != 0 || !strings.Contains(stderr, "secret") || strings.Count(stderr, "\n") != 1 {
			t.Fatalf("exit status %d, %q", code, stderr)
		}
		if err := json.Unmarshal([]byte(text), &keys); err != nil {
			t.Fatal(err)
		}
		return text, keys
	}
	_, before := export(config)
	out := must(t, "keys", "rotate", "--otp", "--config", config, "--by", "made-up officer", "--why", "quarterly")
	made := regexp.MustCompile(`^OTP key ([0-9a-f]{8}) is made; codes are made with it after 3s`).FindStringSubmatch(out)
	if made == nil || asked(t, "quarterly") != 1 {
		t.Fatalf("rotate says %q, or the log has nothing", out)
	}
	text, after := export(config)
	if n := len(before.Keys); len(after.Keys) != n+1 || !bytes.Equal(after.Index, before.Index) || !bytes.Equal(after.Keys[0].Key, before.Keys[0].Key) ||
		after.Keys[n].ID != made[1] || len(after.Keys[n].Key) != 32 {
		t.Error("the export has not the keys of before and the new one")
	}
	list := must(t, "keys", "list", "--config", config)
	if !regexp.MustCompile(`(?m)^otp key +made_at +used_from +state +retired_at$`).MatchString(list) ||
		!regexp.MustCompile(`(?m)^`+made[1]+` +\S+\+05:30 +\S+\+05:30 +(next|current)$`).MatchString(list) {
		t.Errorf("list\n%s", list)
	}
	eventually(t, "the new key is current, the one before it retired", func() bool {
		list := must(t, "keys", "list", "--config", config, "--json")
		return regexp.MustCompile(`(?m)^{"use":"otp","id":"`+made[1]+`",.*"retired_at":null,"state":"current"}$`).MatchString(list) &&
			regexp.MustCompile(`(?m)^{"use":"otp","id":"`+before.Keys[len(before.Keys)-1].ID+`",.*"retired_at":"20.*"state":"retired"}$`).MatchString(list)
	})

	// The same keys as a credential of a unit, which has them and changes none.
	credentials := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	yaml, err := os.ReadFile(config)
	if err == nil {
		err = os.WriteFile(filepath.Join(credentials, "otp-keys"), []byte(text), 0o400)
	}
	given := filepath.Join(filepath.Dir(config), "credential.yaml")
	if err == nil {
		err = os.WriteFile(given, append(yaml, "\notp: {keys_credential: otp-keys}\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := export(given); again != text {
		t.Error("exported of a credential they are others")
	}
	code, _, stderr := harkara(t, "keys", "rotate", "--otp", "--config", given, "--by", "made-up officer", "--why", "of a credential")
	if code != 1 || !strings.Contains(stderr, "keys export --otp") || asked(t, "of a credential") != 0 {
		t.Errorf("exit status %d, %q", code, stderr)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	code, stdout, stderr := harkara(t, "keys", "list", "--config", given)
	if code != 0 || !strings.Contains(stdout, "tenant") || !strings.Contains(stderr, "OTP keys are not listed: there is no $CREDENTIALS_DIRECTORY") {
		t.Errorf("exit status %d, %q", code, stderr)
	}
}

func TestOTPKeysUsage(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"rotate --otp --config x", "needs --why"},
		{"rotate --otp --config x --why y --new-file z", "--otp does not change"},
		{"rotate --config x --why y --after 1h", "--after is for --otp"},
		{"export --config x", "say --otp"},
		{"export --otp", "needs --config"},
	} {
		code, stdout, stderr := harkara(t, append([]string{"keys"}, strings.Fields(tt.args)...)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: exit status %d, %q", tt.args, code, stderr)
		}
	}
	screen, err := os.OpenFile("/dev/null", os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"keys", "export", "--otp", "--config", "x"}, nil, screen, &stderr); code != 2 ||
		!strings.Contains(stderr.String(), "pipe them") {
		t.Errorf("to a terminal: exit status %d, %q", code, &stderr)
	}
}
