package app

import (
	"fmt"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Scrub is how an SMSC's DLT scrubber compares, where that differs from its operator's usual rules.
type Scrub struct {
	Operator     string `koanf:"operator"` // airtel, vi, jio, bsnl, smartping; empty: what all of them take
	Untyped      int    `koanf:"untyped"`  // the most characters of a variable, by its type
	Numeric      int    `koanf:"numeric"`
	Alphanumeric int    `koanf:"alphanumeric"`
	URL          int    `koanf:"url"`
	Punctuation  string `koanf:"punctuation"` // in alphanumeric variables: warn or refuse
	CTA          string `koanf:"cta"`         // URLs, numbers and addresses in variables: required to be registered, or off
	Newline      string `koanf:"newline"`     // as_stored, lf or crlf
	PromoFrom    string `koanf:"promo_from"`  // promotional messages go out from this time IST, such as 10:00
	PromoUntil   string `koanf:"promo_until"` // until, not including, this one
}

// Quarantine says when a template is held back at an SMSC.
type Quarantine struct {
	After int `koanf:"after"` // so many failures for good in a row, with no delivery between; 0: never
}

// SMSCRules are the rules of one SMSC's scrubber, and how it wants the chain.
type SMSCRules struct {
	SMSC  sms.SMSCID
	Rules *dlt.Rules // SMSCs with equal rules share them
	Chain dlt.ChainMode
}

func (s *Scrub) withDefaults(at *lines, path string) {
	operator, _ := dlt.ParseOperator(s.Operator) // what it can't read is a fault, found by check
	usual := dlt.RulesOf(operator)
	fill(at, path+"untyped", &s.Untyped, usual.Untyped)
	fill(at, path+"numeric", &s.Numeric, usual.Numeric)
	fill(at, path+"alphanumeric", &s.Alphanumeric, usual.Alphanumeric)
	fill(at, path+"url", &s.URL, usual.URL)
	fill(at, path+"punctuation", &s.Punctuation, word(usual.Punctuation, "warn", "refuse"))
	fill(at, path+"cta", &s.CTA, word(usual.CTA, "require", "off"))
	fill(at, path+"newline", &s.Newline, string(usual.Newline))
	fill(at, path+"promo_from", &s.PromoFrom, clock(usual.PromoFrom))
	fill(at, path+"promo_until", &s.PromoUntil, clock(usual.PromoUntil))
}

func word(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute)
}

// parseClock reads 00:00 to 24:00 as the time after midnight.
func parseClock(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day; want one such as 10:00, in quotes", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

func (s *Scrub) check(at *lines, path string) {
	if _, err := dlt.ParseOperator(s.Operator); err != nil {
		at.add(path+".operator", err.Error())
	}
	for name, n := range map[string]int{".untyped": s.Untyped, ".numeric": s.Numeric, ".alphanumeric": s.Alphanumeric, ".url": s.URL} {
		if n < 1 || n > dlt.MaxContent {
			at.add(path+name, fmt.Sprintf("%d is no length of a variable; want 1 to %d", n, dlt.MaxContent))
		}
	}
	oneOf(at, path+".punctuation", s.Punctuation, "warn", "refuse")
	oneOf(at, path+".cta", s.CTA, "require", "off")
	if _, err := dlt.ParseNewline(s.Newline); err != nil {
		at.add(path+".newline", err.Error())
	}
	for name, text := range map[string]string{".promo_from": s.PromoFrom, ".promo_until": s.PromoUntil} {
		if _, err := parseClock(text); err != nil {
			at.add(path+name, err.Error())
		}
	}
}

// rules are the scrub's settings, whose form was checked when the configuration was read.
func (s *Scrub) rules() (dlt.Rules, error) {
	operator, err := dlt.ParseOperator(s.Operator)
	if err != nil {
		return dlt.Rules{}, err
	}
	newline, err := dlt.ParseNewline(s.Newline)
	if err != nil {
		return dlt.Rules{}, err
	}
	from, err := parseClock(s.PromoFrom)
	if err != nil {
		return dlt.Rules{}, err
	}
	until, err := parseClock(s.PromoUntil)
	if err != nil {
		return dlt.Rules{}, err
	}
	return dlt.Rules{Operator: operator, Untyped: s.Untyped, Numeric: s.Numeric, Alphanumeric: s.Alphanumeric, URL: s.URL,
		Punctuation: s.Punctuation == "warn", CTA: s.CTA == "require", Newline: newline, PromoFrom: from, PromoUntil: until}, nil
}

// ScrubRules lists the SMSCs with the rules of their scrubbers.
func (c *Config) ScrubRules() ([]SMSCRules, error) {
	shared := map[dlt.Rules]*dlt.Rules{}
	list := make([]SMSCRules, len(c.SMSCs))
	for i := range c.SMSCs {
		s := &c.SMSCs[i]
		rules, err := s.Scrub.rules()
		if err != nil {
			return nil, fmt.Errorf("SMSC %s: scrub: %w", s.ID, err)
		}
		mode, err := dlt.ParseChainMode(s.DLT.Chain)
		if err != nil {
			return nil, fmt.Errorf("SMSC %s: %w", s.ID, err)
		}
		if shared[rules] == nil {
			shared[rules] = &rules
		}
		list[i] = SMSCRules{SMSC: s.ID, Rules: shared[rules], Chain: mode}
	}
	return list, nil
}
