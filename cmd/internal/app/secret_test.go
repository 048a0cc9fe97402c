package app

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The secrets are made up.
func TestSecretSources(t *testing.T) {
	t.Setenv("HARKARA_TEST_SECRET", "from-env")
	t.Setenv("HARKARA_TEST_EMPTY", "")
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty := file("empty", "\n")
	for _, tt := range []struct{ direct, env, file, want, err string }{
		{direct: "plain", want: "plain"},
		{env: "HARKARA_TEST_SECRET", want: "from-env"},
		{direct: "plain", env: "HARKARA_TEST_SECRET", file: "unread", want: "from-env"},
		{direct: "plain", file: file("lf", "from-file\n"), want: "from-file"},
		{file: file("crlf", " spaces stay \r\n"), want: " spaces stay "},
		{err: "no password: set password_env or password_file"},
		{env: "HARKARA_TEST_EMPTY", err: "environment variable HARKARA_TEST_EMPTY is not set: set it to the password"},
		{env: "HARKARA_TEST_UNSET", direct: "plain", err: "environment variable HARKARA_TEST_UNSET is not set: set it to the password"},
		{file: empty, err: "password file " + empty + " is empty: write the password into it"},
		{file: dir + "/none", err: "read password file: open " + dir + "/none: no such file or directory"},
	} {
		got, err := secret(tt.direct, tt.env, tt.file)
		if got != tt.want || fmt.Sprint(err) != orNil(tt.err) {
			t.Errorf("%+v: %q, %v", tt, got, err)
		}
	}
}

func orNil(s string) string {
	if s == "" {
		return "<nil>"
	}
	return s
}

// TestConfigurationNeverPrintsSecrets tries every way in which a value gets into a log or an error.
func TestConfigurationNeverPrintsSecrets(t *testing.T) {
	cfg := parse(t, strings.Replace(small, "{listen: 127.0.0.1:4222}",
		"{url: nats://gateway:nats-secret@n.example:4222}\npostgres: {dsn: postgres://u:dsn-secret@db.example/harkara}", 1))
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("configuration", "config", cfg, "tenant", cfg.Tenants[0], "smsc", cfg.SMSCs[0], "dsn", cfg.Postgres.DSN)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("configuration", "config", cfg)
	raw, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for name, printed := range map[string]string{"%v": fmt.Sprintf("%v", cfg), "%+v": fmt.Sprintf("%+v", cfg), "%#v": fmt.Sprintf("%#v", *cfg),
		"log": log.String(), "JSON": string(raw)} {
		for _, secret := range []string{"tenant-secret", "smscpass", "nats-secret", "dsn-secret"} {
			if strings.Contains(printed, secret) {
				t.Errorf("%s shows %s: %s", name, secret, printed)
			}
		}
		if !strings.Contains(printed, "sim-a") {
			t.Errorf("%s shows nothing: %s", name, printed)
		}
	}
	if got := cfg.Postgres.DSN.Reveal(); got != "postgres://u:dsn-secret@db.example/harkara" {
		t.Errorf("the DSN became %q", got)
	}
}

// TestPoolConfigHidesThePassword: a password that only shows to be too long at the start is not quoted.
func TestPoolConfigHidesThePassword(t *testing.T) {
	t.Setenv("HARKARA_TEST_SECRET", "far-too-long-secret")
	s := parse(t, strings.Replace(small, "password: smscpass", "password_env: HARKARA_TEST_SECRET", 1)).SMSCs[0]
	_, err := s.poolConfig()
	if err == nil || !strings.HasPrefix(err.Error(), "SMSC sim-a: ") || strings.Contains(err.Error(), "far-too") {
		t.Errorf("error %v", err)
	}
}
