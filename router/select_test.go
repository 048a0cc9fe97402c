package router

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/dlt"
	"harkara/smpp/sms"
)

var noon = time.Date(2026, time.November, 22, 12, 0, 0, 0, dlt.IST)

// health says which SMSCs are down and which are full; all others take 10 of every class.
type health struct{ down, full []sms.SMSCID }

func (h health) Live(id sms.SMSCID) bool { return !slices.Contains(h.down, id) }
func (h health) Room(id sms.SMSCID, _ sms.Class) int {
	if slices.Contains(h.full, id) {
		return 0
	}
	return 10
}

func TestSelectOrder(t *testing.T) {
	tab := table(t, Route{Targets: targets("sim-a", 1, "sim-p", 5, "sim-b", 3), Failover: []sms.SMSCID{"sim-c"}})
	ids := func(ids ...sms.SMSCID) []sms.SMSCID { return ids }
	const t0, f0 = RoleTarget, RoleFailover
	tests := []struct {
		name   string
		cat    dlt.Category
		health health
		pick   uint64
		want   []Candidate
		ready  int
		reason Reason
	}{
		{"heaviest", dlt.Transactional, health{}, 0,
			[]Candidate{{"sim-b", t0, Ready}, {"sim-a", t0, Ready}, {"sim-c", f0, Ready}, {"sim-p", t0, Barred}}, 3, ""},
		{"lighter", dlt.Transactional, health{}, 3,
			[]Candidate{{"sim-a", t0, Ready}, {"sim-b", t0, Ready}, {"sim-c", f0, Ready}, {"sim-p", t0, Barred}}, 3, ""},
		{"pick goes round", dlt.Transactional, health{}, 4,
			[]Candidate{{"sim-b", t0, Ready}, {"sim-a", t0, Ready}, {"sim-c", f0, Ready}, {"sim-p", t0, Barred}}, 3, ""},
		{"largest pick", dlt.Transactional, health{}, 1<<64 - 1,
			[]Candidate{{"sim-a", t0, Ready}, {"sim-b", t0, Ready}, {"sim-c", f0, Ready}, {"sim-p", t0, Barred}}, 3, ""},
		{"one down", dlt.Transactional, health{down: ids("sim-b")}, 0,
			[]Candidate{{"sim-a", t0, Ready}, {"sim-c", f0, Ready}, {"sim-p", t0, Barred}, {"sim-b", t0, Down}}, 2, ""},
		{"one full", dlt.Transactional, health{full: ids("sim-a")}, 3,
			[]Candidate{{"sim-b", t0, Ready}, {"sim-c", f0, Ready}, {"sim-p", t0, Barred}, {"sim-a", t0, Full}}, 2, ""},
		{"failover alone", dlt.Transactional, health{down: ids("sim-a"), full: ids("sim-b")}, 7,
			[]Candidate{{"sim-c", f0, Ready}, {"sim-p", t0, Barred}, {"sim-b", t0, Full}, {"sim-a", t0, Down}}, 1, ""},
		{"nobody now", dlt.Transactional, health{down: ids("sim-a", "sim-b", "sim-c", "sim-p")}, 7,
			[]Candidate{{"sim-p", t0, Barred}, {"sim-b", t0, Down}, {"sim-a", t0, Down}, {"sim-c", f0, Down}}, 0, ""},
		{"down and full is down", dlt.Promotional, health{down: ids("sim-p"), full: ids("sim-p")}, 0,
			[]Candidate{{"sim-p", t0, Down}, {"sim-b", t0, Barred}, {"sim-a", t0, Barred}, {"sim-c", f0, Barred}}, 0, ""},
		{"category nowhere", dlt.Government, health{}, 0,
			[]Candidate{{"sim-p", t0, Barred}, {"sim-b", t0, Barred}, {"sim-a", t0, Barred}, {"sim-c", f0, Barred}}, 0, CategoryNotAllowed},
		{"no category", "", health{}, 0,
			[]Candidate{{"sim-p", t0, Barred}, {"sim-b", t0, Barred}, {"sim-a", t0, Barred}, {"sim-c", f0, Barred}}, 0, CategoryNotAllowed},
	}
	for _, tt := range tests {
		d := tab.Select(Query{Category: tt.cat}, tt.health, tt.pick)
		if d.Route != 1 || d.Ready != tt.ready || d.Reason != tt.reason || !slices.Equal(d.Candidates, tt.want) || !slices.Equal(d.Next(), tt.want[:tt.ready]) {
			t.Errorf("%s:\n got %+v\nwant %+v, %d ready, reason %q", tt.name, d, tt.want, tt.ready, tt.reason)
		}
	}
}

func TestReasonStage(t *testing.T) {
	for reason, want := range map[Reason]sms.Stage{NoRoute: sms.StageRoute, TenantLimit: sms.StageRoute, CategoryNotAllowed: sms.StageDLT} {
		if got := reason.Stage(); got != want {
			t.Errorf("%s: stage %s, want %s", reason, got, want)
		}
	}
}

// Over one run of picks as long as the sum of the weights of the ready targets, each is first exactly its weight's
// times; the others follow by falling weight, then the ready failover in order; what is barred, down or full is never among them.
func TestSelectProperties(t *testing.T) {
	names := []sms.SMSCID{"s0", "s1", "s2", "s3", "s4", "s5"}
	rapid.Check(t, func(t *rapid.T) {
		var all []SMSC
		var h health
		for _, id := range names {
			cats := rapid.SampledFrom([][]dlt.Category{{dlt.Transactional}, {dlt.Promotional}, {dlt.Promotional, dlt.Transactional}}).Draw(t, "categories")
			all = append(all, SMSC{ID: id, Categories: cats})
			switch rapid.IntRange(0, 3).Draw(t, "health") {
			case 0:
				h.down = append(h.down, id)
			case 1:
				h.full = append(h.full, id)
			}
		}
		split := rapid.IntRange(1, len(names)).Draw(t, "targets")
		route := Route{Failover: names[split:]}
		for _, id := range names[:split] {
			route.Targets = append(route.Targets, Target{id, rapid.IntRange(1, 20).Draw(t, "weight")})
		}
		tab, err := NewTable([]Route{route}, all)
		if err != nil {
			t.Fatal(err)
		}
		usable := func(id sms.SMSCID) bool {
			return slices.Contains(all[slices.Index(names, id)].Categories, dlt.Transactional) && h.Live(id) && h.Room(id, sms.OTP) > 0
		}
		total := 0
		ready := slices.DeleteFunc(slices.Clone(route.Targets), func(x Target) bool { return !usable(x.SMSC) })
		slices.SortStableFunc(ready, func(a, b Target) int { return b.Weight - a.Weight })
		for _, x := range ready {
			total += x.Weight
		}
		start := rapid.Uint64Range(0, 1<<40).Draw(t, "first pick")
		firsts := map[sms.SMSCID]int{}
		for i := range max(total, 1) {
			d := tab.Select(Query{Class: sms.OTP, Category: dlt.Transactional}, h, start+uint64(i))
			var want []sms.SMSCID
			if len(ready) > 0 {
				first := d.Candidates[0].SMSC
				firsts[first]++
				want = append(want, first)
				for _, x := range ready {
					if x.SMSC != first {
						want = append(want, x.SMSC)
					}
				}
			}
			for _, id := range route.Failover {
				if usable(id) {
					want = append(want, id)
				}
			}
			var got []sms.SMSCID
			for _, c := range d.Next() {
				got = append(got, c.SMSC)
			}
			if !slices.Equal(got, want) || len(d.Candidates) != len(names) {
				t.Fatalf("pick %d: %v of %+v, want %v", start+uint64(i), got, d, want)
			}
			for _, c := range d.Candidates[d.Ready:] {
				if c.Skip == Ready || usable(c.SMSC) {
					t.Fatalf("%+v is skipped", c)
				}
			}
		}
		for _, x := range ready {
			if firsts[x.SMSC] != x.Weight {
				t.Fatalf("%s was first %d times of %d, want %d", x.SMSC, firsts[x.SMSC], total, x.Weight)
			}
		}
	})
}

func TestSelectAllocates(t *testing.T) {
	tab := table(t, Route{Targets: targets("sim-a", 1, "sim-b", 3), Failover: []sms.SMSCID{"sim-c"}})
	q := Query{Tenant: "acme", Header: "ACMEBK", To: "919812345678", Category: dlt.ServiceImplicit}
	var h Health = health{down: []sms.SMSCID{"sim-b"}}
	if n := testing.AllocsPerRun(100, func() { _ = tab.Select(q, h, 5) }); n != 1 {
		t.Errorf("%v allocations, want the candidates' one", n)
	}
}

func BenchmarkSelect(b *testing.B) {
	var routes []Route
	for i := range 20 {
		routes = append(routes, Route{Match: Match{Tenants: []sms.TenantID{"other"}, Headers: []dlt.Header{"OTHERS"}}, Targets: targets("sim-a", i+1)})
	}
	routes = append(routes, Route{
		Match:   Match{Tenants: []sms.TenantID{"acme"}, Classes: []sms.Class{sms.OTP, sms.Txn}, Headers: []dlt.Header{"ACMEBK"}, Prefixes: []string{"91"}},
		Targets: targets("sim-a", 1, "sim-b", 3), Failover: []sms.SMSCID{"sim-c"},
	})
	tab := table(b, routes...)
	q := Query{Tenant: "acme", Header: "ACMEBK", To: "919812345678", Category: dlt.ServiceImplicit}
	var h Health = health{}
	b.ReportAllocs()
	var pick uint64
	for b.Loop() {
		pick++
		if d := tab.Select(q, h, pick); d.Ready != 3 {
			b.Fatal(d)
		}
	}
}
