package templates_test

import (
	"time"

	"harkara/dlt"
)

// chained makes the SMSC want the chain in a mode, and registers one.
func chained(mode dlt.ChainMode, c dlt.ChainRecord) func(*world) {
	c.Entity = orElse(c.Entity, acme)
	c.SMSC = orElse(c.SMSC, "sim-a")
	c.Status = orElse(c.Status, dlt.Active)
	return func(w *world) { w.mode, w.contents.Chains = mode, []dlt.ChainRecord{c} }
}

var (
	chain = []string{string(acme), courier}
	noon  = time.Date(2026, 11, 22, 12, 0, 0, 0, dlt.IST)
)

func standing(from, to time.Time) dlt.Standing { return dlt.Standing{From: from, To: to} }

var chainRows = block{
	about: "the PE-TM chain, registered for the entity and the SMSC, and in force",
	source: "TRAI's direction of 20 August 2024, para 10(c), enforced from 11 December 2024, " +
		"https://smsgatewayhub.freshdesk.com/support/solutions/articles/3000129529; codes 614-618, 811-813, 5601-5604",
	lenient: ok,
	rows: []verdict{
		{name: "the SMSC wants none", vars: otpVars, strict: ok},
		{name: "none registered", vars: otpVars, strict: noChain, register: func(w *world) { w.mode = dlt.ChainHash }},
		{name: "registered, hash", vars: otpVars, strict: ok,
			register: chained(dlt.ChainHash, dlt.ChainRecord{IDs: chain})},
		{name: "registered, list", vars: otpVars, strict: ok,
			register: chained(dlt.ChainList, dlt.ChainRecord{IDs: chain})},
		{name: "registered, telemarketer", vars: otpVars, strict: ok,
			register: chained(dlt.ChainTMID, dlt.ChainRecord{IDs: chain})},
		{name: "an entity without telemarketer has no telemarketer's id", vars: otpVars, strict: noChain,
			register: chained(dlt.ChainTMID, dlt.ChainRecord{IDs: chain[:1]})},
		{name: "at another SMSC", content: otpHI, vars: otpVars, strict: noChain,
			register: chained(dlt.ChainHash, dlt.ChainRecord{SMSC: "sim-b", IDs: chain})},
		{name: "of another entity", content: otpTA, vars: otpVars, strict: noChain,
			register: chained(dlt.ChainHash, dlt.ChainRecord{Entity: other, IDs: chain})},
		{name: "suspended", content: otpBN, vars: otpVars, strict: noChain,
			register: chained(dlt.ChainHash, dlt.ChainRecord{IDs: chain, Standing: dlt.Standing{Status: dlt.Suspended}})},
		{name: "from now on", vars: otpVars, strict: ok,
			register: chained(dlt.ChainHash, dlt.ChainRecord{IDs: chain, Standing: standing(noon, time.Time{})})},
		{name: "not yet", vars: otpVars, strict: noChain,
			register: chained(dlt.ChainHash, dlt.ChainRecord{IDs: chain, Standing: standing(noon.Add(time.Second), time.Time{})})},
		{name: "until now", vars: otpVars, strict: noChain,
			register: chained(dlt.ChainHash, dlt.ChainRecord{IDs: chain, Standing: standing(time.Time{}, noon)})},
	},
}
