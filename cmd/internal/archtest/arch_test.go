package archtest

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// ring is how far out a package stands; imports point inward only. Packages of one ring do not import each other
// unless besides says so.
var rings = map[string]int{
	"dlt":                      0,
	"smpp":                     0,
	"deploy/samples":           0,
	"deploy/api":               0,
	"smpp/sms":                 1,
	"smpp/pdu":                 2,
	"smpp/window":              2,
	"smpp/pace":                2,
	"templates":                3,
	"router":                   3,
	"smpp/session":             3,
	"smpp/receipt":             3,
	"smpp/smsctest":            3,
	"smpp/bind":                4,
	"storage":                  4,
	"storage/ledger":           4,
	"storage/postgres":         4,
	"storage/postgres/pgtest":  4,
	"cmd/internal/dispatch":    5,
	"cmd/internal/otp":         5,
	"cmd/internal/loopback":    5,
	"cmd/internal/intake":      6,
	"cmd/internal/query":       6,
	"cmd/internal/console":     6,
	"cmd/internal/sheet":       6,
	"cmd/internal/otp/state":   6,
	"cmd/internal/webhook":     6,
	"cmd/internal/otp/service": 7,
	"cmd/internal/otp/api":     8,
	"cmd/internal/metrics":     8,
	"cmd/internal/app":         9,
	"cmd/internal/demo":        10,
	"cmd/internal/archtest":    10,
	"cmd/internal/interop":     10,
	"cmd/internal/outage":      10,
	"cmd/internal/crash":       10,
	"cmd/harkara":              11,
	"cmd/smscsim":              10,
}

// besides are the imports within one ring that the drawing allows.
var besides = map[string][]string{
	"storage":     {"storage/ledger", "storage/postgres"},
	"cmd/harkara": {},
}

// forbidden are imports by ring: nothing below ring 4 knows a network, a database or NATS, nor do the rules of one-time
// passwords. The simulator is a peer, not a part of the gateway, and listens.
func forbidden(path string) []string {
	switch {
	case path == "dlt":
		return []string{"net", "database/sql", "github.com/", "go.", "golang.org/", "harkara/"}
	case path == "smpp/smsctest":
		return []string{"database/sql", "github.com/nats-io/"}
	case rings[path] < 4, path == "cmd/internal/otp":
		return []string{"net", "database/sql", "github.com/nats-io/", "github.com/jmoiron/", "github.com/lib/pq"}
	case path == "smpp/bind":
		return []string{"database/sql", "github.com/nats-io/", "harkara/storage"}
	case strings.HasPrefix(path, "storage"):
		return []string{"harkara/smpp/bind", "harkara/smpp/session"}
	}
	return nil
}

// pure are imports that reach no network, whatever their family.
var pure = map[string][]string{
	"cmd/internal/otp": {"net/url"},
}

type pkg struct {
	ImportPath string
	Doc        string
	Imports    []string
}

func list(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Doc,Imports", "harkara/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]pkg{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, "harkara/")] = p
	}
}

func TestImportsPointInward(t *testing.T) {
	for path, p := range list(t) {
		if strings.Contains(path, "/internal/") && !strings.HasPrefix(path, "cmd/internal/") {
			continue // closed to all but its parent by the go command itself
		}
		ring, known := rings[path]
		if !known {
			t.Errorf("%s has no ring: give it one in rings", path)
			continue
		}
		for _, imported := range p.Imports {
			inner, ours := strings.CutPrefix(imported, "harkara/")
			if ours && rings[inner] >= ring && !slices.Contains(besides[path], inner) {
				t.Errorf("%s (ring %d) imports %s (ring %d): imports point inward only", path, ring, inner, rings[inner])
			}
			if slices.Contains(pure[path], imported) {
				continue
			}
			for _, bad := range forbidden(path) {
				if imported == bad || strings.HasSuffix(bad, "/") && strings.HasPrefix(imported, bad) ||
					strings.HasPrefix(imported, bad+"/") || bad == "go." && strings.HasPrefix(imported, bad) {
					t.Errorf("%s imports %s, which it must not know", path, imported)
				}
			}
		}
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	for path, p := range list(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", path)
		}
	}
}

func TestTopLevelNames(t *testing.T) {
	allowed := []string{"README.md", "go.mod", "go.sum", "Makefile", "dlt", "templates", "router", "smpp", "storage", "cmd", "deploy"}
	out, err := exec.Command("git", "-C", "../../..", "ls-files").Output()
	if err != nil {
		t.Fatalf("list the tracked files: %v", err)
	}
	for _, file := range strings.Fields(string(out)) {
		top, _, _ := strings.Cut(file, "/")
		if !strings.HasPrefix(top, ".") && !slices.Contains(allowed, top) {
			t.Errorf("%s stands at the top; the names there are %v", top, allowed)
		}
	}
}
