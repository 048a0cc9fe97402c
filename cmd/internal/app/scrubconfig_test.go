package app

import (
	"testing"
	"time"

	"harkara/dlt"
)

// Rules are the operator's usual ones but for what the file says, and are shared where they are equal.
func TestScrubRules(t *testing.T) {
	cfg := parse(t, `
smscs:
  - {id: a, addr: "127.0.0.1:1", system_id: h, password: x}
  - {id: b, addr: "127.0.0.1:2", system_id: h, password: x, scrub: {operator: jio, url: 60, cta: off, newline: crlf, promo_from: "09:00"}}
  - {id: c, addr: "127.0.0.1:3", system_id: h, password: x, scrub: {punctuation: warn}, dlt: {chain: hash}}
`)
	list, err := cfg.ScrubRules()
	if err != nil {
		t.Fatal(err)
	}
	if want := dlt.RulesOf(""); *list[0].Rules != want || list[0].Rules != list[2].Rules {
		t.Errorf("a has %+v, c %+v; want both to share %+v", list[0].Rules, list[2].Rules, want)
	}
	want := dlt.RulesOf(dlt.Jio)
	want.URL, want.CTA, want.Newline, want.PromoFrom = 60, false, dlt.CRLF, 9*time.Hour
	if *list[1].Rules != want {
		t.Errorf("b has %+v, want %+v", *list[1].Rules, want)
	}
	if list[0].Chain != dlt.ChainNone || list[2].Chain != dlt.ChainHash {
		t.Errorf("chains %q, %q", list[0].Chain, list[2].Chain)
	}
}

// Of several chains that are in force the one that began last counts, whether it is the file's or the register's.
func TestWithChains(t *testing.T) {
	cfg := parse(t, `
smscs: [{id: a, addr: "127.0.0.1:1", system_id: h, password: x}]
chains:
  - {entity: "1101481029384756102", smsc: a, ids: ["1101481029384756102", "1102000000000000001"], until: "2026-12-01"}
  - {entity: "1101481029384756102", smsc: a, ids: ["1101481029384756102", "1102000000000000002"], from: "2026-12-01"}
`)
	const entity = dlt.EntityID("1101481029384756102")
	begins := time.Date(2027, 1, 1, 0, 0, 0, 0, dlt.IST)
	reg := cfg.withChains(dlt.NewRegister(3, dlt.Contents{Chains: []dlt.ChainRecord{{Entity: entity, SMSC: "a",
		IDs: []string{string(entity), "1102000000000000003"}, Standing: dlt.Standing{Status: dlt.Active, From: begins}}}}))
	for at, want := range map[time.Time]string{
		time.Date(2026, 11, 30, 23, 59, 59, 0, dlt.IST): "1102000000000000001",
		time.Date(2026, 12, 1, 0, 0, 0, 0, dlt.IST):     "1102000000000000002",
		begins: "1102000000000000003",
	} {
		if ids, ok := reg.Chain(entity, "a", at); !ok || ids[1] != want {
			t.Errorf("at %s: %v, want %s", at, ids, want)
		}
	}
	if reg.Version() != 3 {
		t.Errorf("version %d", reg.Version())
	}
}
