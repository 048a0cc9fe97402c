package templates

import (
	"fmt"
	"time"

	"harkara/dlt"
)

// headerRules look at a header, when it was used last, and the time.
var headerRules = []rule[func(h *dlt.HeaderRecord, lastUsed, at time.Time) []fault]{
	{"header_unused", dlt.Warning, "nothing was sent under the header for 30 days, after which operators suspend it",
		headerUnused},
	{"header_expires", dlt.Warning, "the header is valid for less than 30 days more", headerExpires},
	{"header_not_active", dlt.Error, "the header is not active, or not valid now", headerNotActive},
	{"header_length", dlt.Note, "the header has fewer than six letters", headerLength},
}

// LintHeader says what is wrong with a header at that time. lastUsed is when a message went out under it last; zero:
// never.
func LintHeader(h *dlt.HeaderRecord, lastUsed, at time.Time) []dlt.Finding {
	about := dlt.Finding{Kind: dlt.KindHeader, Subject: string(h.Header), Entity: h.Entity, Operator: string(h.Operator)}
	var findings []dlt.Finding
	for _, r := range headerRules {
		findings = appendFaults(findings, about, r.code, r.severity, r.find(h, lastUsed, at))
	}
	return findings
}

// headerUnused: headers that are not used for 30 days are suspended, and their owner can reactivate them (Karix, notice
// of November 2023; codes 625, 447, 5213). One that is valid for less has not had the time.
func headerUnused(h *dlt.HeaderRecord, lastUsed, at time.Time) []fault {
	since := lastUsed
	if h.From.After(since) {
		since = h.From
	}
	if !h.InForce(at) || at.Sub(since) < soon {
		return nil
	}
	detail := "nothing was ever sent under it from here"
	if !lastUsed.IsZero() {
		detail = fmt.Sprintf("nothing was sent under it from here since %s, %s ago",
			lastUsed.In(dlt.IST).Format("2006-01-02"), plural(int(at.Sub(lastUsed).Hours()/24), "day"))
	}
	return one("look on the portal whether it is suspended, reactivate it there and use it, or give it up",
		"%s; operators suspend headers that are unused for 30 days", detail)
}

func headerExpires(h *dlt.HeaderRecord, _, at time.Time) []fault {
	return expires("header", &h.Standing, at)
}

// headerNotActive: codes 621, 622 and 624 of the operators.
func headerNotActive(h *dlt.HeaderRecord, _, at time.Time) []fault {
	return standing("header", &h.Standing, at)
}

// headerLength: six letters are what the portals describe; shorter ones are live on Vilpower all the same.
func headerLength(h *dlt.HeaderRecord, _, _ time.Time) []fault {
	if len(h.Header) >= 6 {
		return nil
	}
	return one("look whether every operator on its routes has it; register one of six letters where not",
		"it has %d letters; most operators register headers of six", len(h.Header))
}
