package app

import (
	"fmt"
	"time"

	"harkara/dlt"
)

// withChains adds the configuration's chains to a register; of several that are in force the one that began last counts.
func (c *Config) withChains(reg *dlt.Register) *dlt.Register {
	var chains []dlt.ChainRecord
	for _, chain := range c.Chains {
		from, until, _ := chain.times() // checked when the configuration was read
		chains = append(chains, dlt.ChainRecord{Entity: dlt.EntityID(chain.Entity), SMSC: string(chain.SMSC), IDs: chain.IDs,
			Standing: dlt.Standing{Status: dlt.Active, From: from, To: until}})
	}
	if chains == nil {
		return reg
	}
	return reg.With(reg.Version(), dlt.Contents{Chains: chains})
}

// times are the chain's first day and the one after its last, in India; zero where it has none.
func (c *Chain) times() (from, until time.Time, err error) {
	if from, err = parseDay(c.From); err == nil {
		until, err = parseDay(c.Until)
	}
	return from, until, err
}

func parseDay(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, dlt.IST)
	if err != nil {
		return t, fmt.Errorf("%q is no day; want one such as 2026-12-01, in quotes", s)
	}
	return t, nil
}
