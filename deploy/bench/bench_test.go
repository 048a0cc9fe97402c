package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/smsctest"
)

// TestClientsSendTheSame holds both clients' submit_sm against each other as an SMSC reads them: but for the forms of
// the validity_period (ours is relative, go-smpp knows absolute ones alone) and the order of the TLVs (go-smpp's is
// random) they must be the same, or the comparison means nothing.
func TestClientsSendTheSame(t *testing.T) {
	sent := make([]string, len(entrants))
	for i, e := range entrants {
		s, err := smsctest.Listen("127.0.0.1:0", smsctest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		const window = 10
		esme, err := e.open(s.Addr().String(), options{window: window}, true)
		if err != nil {
			t.Fatal(err)
		}
		got := submitFor(esme, window*e.callers, 50*time.Millisecond, true)
		esme.close()
		books := s.Books()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if got.accepted == 0 || uint64(got.accepted) > books.Accepted {
			t.Errorf("%s: %+v, books %+v", e.name, got, books.Counters)
		}
		// go-smpp may take a receipt for the answer of the submit_sm that has its number: the receipt is lost, and the
		// submit_sm leaves its window early.
		shown, ours := esme.receipts(), i < len(entrants)-1
		if shown == 0 || ours && (uint64(shown) != books.Receipts || books.MaxWindow > window) {
			t.Errorf("%s: %d receipts were seen, books %+v", e.name, shown, books.Counters)
		}
		m := books.Messages[0].Segments[0].SM
		if m.Validity == "" {
			t.Errorf("%s: no validity_period", e.name)
		}
		m.Validity = ""
		slices.SortFunc(m.TLVs, func(a, b pdu.TLV) int { return cmp.Compare(a.Tag, b.Tag) })
		if sent[i] = fmt.Sprintf("%+v", m); sent[i] != sent[0] {
			t.Errorf("the clients differ:\n%s\n%s", sent[i], sent[0])
		}
	}
}

func TestReport(t *testing.T) {
	r := report{Cores: cores{Pinned: true, Procs: 1}, Window: 100, Rounds: 3, Seconds: 2}
	r.add(contest{name: "submit"}, [][]figures{
		{{Rate: 300, CPU: 2, Allocations: 2, Window: 100}, {Rate: 100, CPU: 4, Allocations: 2},
			{Rate: 200, CPU: 3, Allocations: 2.5}},
		{{Rate: 600, CPU: 2}, {Rate: 200, CPU: 2}, {Rate: 250, CPU: 1}},
		{{Rate: 30, CPU: 20}, {Rate: 20, CPU: 16, Window: 101, Failed: 2, Lost: 1}, {Rate: 25, CPU: 24, Failed: 1}},
	})
	var out bytes.Buffer
	if err := r.write(&out); err != nil {
		t.Fatal(err)
	}
	table, line, _ := strings.Cut(out.String(), "\n{")
	for _, want := range []string{
		"submit harkara 200 (100-300) 3.00 (2.00-4.00) 0.00 (0.00-0.00) 2.00 (2.00-2.50) 100 0 0",
		"submit go-smpp 25 (20-30) 20.00 (16.00-24.00) 0.00 (0.00-0.00) 0.00 (0.00-0.00) 101 3 1",
		"submit ratio, harkara 8.0 (5.0-10.0) 8.0 (4.0-10.0)", // of each pair of rounds
		"submit ratio, harkara, twice the callers 10.0 (10.0-20.0) 10.0 (8.0-24.0)",
	} {
		if !slices.ContainsFunc(strings.Split(table, "\n"), func(row string) bool {
			return slices.Equal(strings.Fields(row), strings.Fields(want))
		}) {
			t.Errorf("no row %q in\n%s", want, table)
		}
	}
	var again report
	err := json.Unmarshal([]byte("{"+line), &again)
	if err != nil || len(again.Rows) != 3 || again.Ratios[0].Rate.Median != 8 {
		t.Errorf("the JSON is %s: %v", line, err)
	}
}
