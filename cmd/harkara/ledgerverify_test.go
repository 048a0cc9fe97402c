package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"harkara/cmd/internal/app"
)

// TestWhoseCheckpointsAreKnown: the machine's keys verify any node that has them, a key that was given is the only one of
// its node.
func TestWhoseCheckpointsAreKnown(t *testing.T) {
	mine, other := &app.Config{Node: "gw", Data: t.TempDir()}, &app.Config{Node: "gw", Data: t.TempDir()}
	var keys []string
	for _, cfg := range []*app.Config{mine, other} {
		vault, err := app.OpenVault(cfg)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, vault.Verifier("gw"), vault.Verifier("renamed"))
	}
	for name, tt := range map[string]struct {
		given string
		known string // of keys, in their order
	}{
		"none given":        {"", "++--"},
		"the other's given": {keys[2], "-++-"},
	} {
		var given []string
		if tt.given != "" {
			given = []string{tt.given}
		}
		v, err := verifiersOf(mine, given)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, key := range keys {
			parts := strings.SplitN(key, "+", 3)
			if knows(t, v, parts[0], parts[1]) {
				got += "+"
			} else {
				got += "-"
			}
		}
		if got != tt.known {
			t.Errorf("%s: known are %s, want %s", name, got, tt.known)
		}
	}
}

// TestFollowNeedsAGateway: tail --follow would keep a gateway from starting.
func TestFollowNeedsAGateway(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile(gateway(t))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "harkara.yaml")
	text = []byte(strings.Replace(string(text), "data: "+world.dir, "data: "+dir, 1))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	for words, args := range map[string][]string{
		"start it first":         {"ledger", "tail", "--config", file, "--follow"},
		"there is no ledger":     {"ledger", "tail", "--config", file},
		"there is no ledger her": {"ledger", "verify", "--config", file},
	} {
		if code, _, stderr := harkara(t, args...); code != exitFailed || !strings.Contains(stderr, words) {
			t.Errorf("%v: %d, %s", args, code, stderr)
		}
	}
}

func knows(t *testing.T, v note.Verifiers, name, hash string) bool {
	t.Helper()
	n, err := strconv.ParseUint(hash, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verifier(name, uint32(n))
	return err == nil
}
