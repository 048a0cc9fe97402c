package sheet

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"harkara/dlt"
)

var update = flag.Bool("update", false, "write the sample workbooks and the expected imports anew")

const exports = "../../../deploy/samples/exports"

// samples are the made-up exports with what has to be given beside each, as its README says.
var samples = []struct {
	file string
	kind dlt.Kind
	d    dlt.Defaults
}{
	{"jio-templates.xlsx", dlt.KindTemplate, dlt.Defaults{Entity: "1201159123456712345", Category: dlt.ServiceImplicit}},
	{"airtel-templates.csv", dlt.KindTemplate, dlt.Defaults{Entity: "1001159123456712345"}},
	{"vilpower-templates.csv", dlt.KindTemplate, dlt.Defaults{Entity: "110100001234", Operator: dlt.Vi}},
	{"bsnl-templates.csv", dlt.KindTemplate, dlt.Defaults{Entity: "1401159123456712345", Operator: dlt.BSNL}},
	{"smartping-templates.csv", dlt.KindTemplate, dlt.Defaults{Operator: dlt.SmartPing}},
	{"msg91-templates.csv", dlt.KindTemplate, dlt.Defaults{Entity: "1201159123456798765"}},
	{"msg91-ctas.xlsx", dlt.KindCTA, dlt.Defaults{Entity: "1201159123456798765"}},
	{"rounded-templates.xlsx", dlt.KindTemplate, dlt.Defaults{Category: dlt.ServiceImplicit}},
	{"../register.csv", dlt.KindTemplate, dlt.Defaults{}},
	{"headers.csv", dlt.KindHeader, dlt.Defaults{}},
	{"entities.csv", dlt.KindEntity, dlt.Defaults{}},
	{"links.csv", dlt.KindLink, dlt.Defaults{}},
	{"chains.csv", dlt.KindChain, dlt.Defaults{}},
}

// What each sample export is read as stands in testdata, to be read by people before it is changed.
func TestSampleExports(t *testing.T) {
	if *update {
		writeWorkbooks(t)
	}
	shapes := map[string]bool{}
	for _, s := range samples {
		t.Run(s.file, func(t *testing.T) {
			f := open(t, filepath.Join(exports, s.file))
			imp, err := dlt.Read(s.kind, f.Rows(), s.d)
			if err != nil {
				t.Fatal(err)
			}
			if s.kind == dlt.KindTemplate {
				shapes[imp.Shape] = true
			}
			got := asJSON(t, imp)
			golden := filepath.Join("testdata", filepath.Base(s.file)+".json")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("read as\n%s\nwant\n%s", got, want)
			}
		})
	}
	for _, name := range []string{"jio", "airtel", "vilpower", "bsnl", "smartping", "msg91", "harkara"} {
		if !shapes[name] {
			t.Errorf("no sample has the shape %s", name)
		}
	}
}

// Every file of the folder is a sample, and every sample file is small.
func TestEverySampleIsRead(t *testing.T) {
	entries, err := os.ReadDir(exports)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"README.md": true, ".gitattributes": true}
	for _, s := range samples {
		known[s.file] = true
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Size() > 20<<10 || !known[e.Name()] {
			t.Errorf("%s: %d bytes, known %t, %v", e.Name(), info.Size(), known[e.Name()], err)
		}
	}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}
