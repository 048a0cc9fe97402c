package app

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/session"
)

func TestObituary(t *testing.T) {
	o := obituary{filepath.Join(t.TempDir(), "traces"), slog.New(slog.DiscardHandler)}
	last := []bind.Record{{SMSC: "sim-a", Bind: 2, At: time.Now(), Sent: true, Frame: pdu.AppendHeader(nil, pdu.EnquireLink, pdu.ESME_ROK, 9)}}
	file, err := o.save("sim-a", 2, errors.New("the SMSC did not answer enquire_link in time"), last)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "# SMSC sim-a, bind 2: the SMSC did not answer enquire_link in time\n") ||
		!strings.HasSuffix(string(text), " 00000010000000150000000000000009\n") {
		t.Errorf("file\n%s", text)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestObituariesAreBounded: binds that die again and again do not fill the disk.
func TestObituariesAreBounded(t *testing.T) {
	o := obituary{t.TempDir(), slog.New(slog.DiscardHandler)}
	dir := filepath.Join(o.dir, "sim-a")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range tracesKept + 5 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("20251122T1011%02d.%06d-1.txt", i%60, i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := o.save("sim-a", 1, errors.New("made up"), nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != tracesKept || list[len(list)-1].Name() != filepath.Base(file) {
		t.Errorf("%d files, the last is not the newest: %v", len(list), err)
	}
	o.write("sim-b", 1, &session.BindError{Status: pdu.ESME_RALYBND}, nil)
	if _, err := os.Stat(filepath.Join(o.dir, "sim-b")); !os.IsNotExist(err) {
		t.Errorf("a refused bind has a file: %v", err)
	}
}
